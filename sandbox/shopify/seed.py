"""Filling the shop from a seed file in the vendor's own field names; what is missing is derived."""

from decimal import Decimal
from typing import Any

from sandbox.shopify.shop import Node, Shop, instant, now

_TIMES = ("createdAt", "processedAt", "updatedAt", "cancelledAt", "closedAt")
_OPEN = {"UNFULFILLED", "PARTIALLY_FULFILLED", "OPEN", "IN_PROGRESS", "SCHEDULED", "PENDING_FULFILLMENT"}


def load(shop: Shop, seed: dict[str, Any]) -> None:
    """Take over every customer and order of a seed as it is."""
    for node in seed.get("customers", ()):
        customer(shop, node)
    for node in seed.get("orders", ()):
        order(shop, node)
    shop.changed()


def customer(shop: Shop, node: Node) -> Node:
    """Add a customer."""
    held = _timed({"locale": "en", "state": "ENABLED", "tags": [], "createdAt": now(), **node})
    held["id"] = held.get("id") or shop.gid("Customer")
    address = held.get("defaultAddress")
    if address:
        held["defaultAddress"] = {"id": shop.gid("MailingAddress"), **address}
    named(held)
    shop.customers[held["id"]] = held
    return held


def named(customer: Node) -> None:
    """Set the name the vendor derives."""
    names = (customer.get("firstName"), customer.get("lastName"))
    customer["displayName"] = " ".join(filter(None, names)) or customer["id"]


def order(shop: Shop, node: Node) -> Node:
    """Add an order with its lines, totals and one fulfillment order."""
    defaults = {"displayFulfillmentStatus": "UNFULFILLED", "currencyCode": "EUR", "createdAt": now()}
    held = _timed({**defaults, **node})
    held["id"] = held.get("id") or shop.gid("Order")
    held["processedAt"] = held.get("processedAt") or held["createdAt"]
    held["name"] = held.get("name") or f"#{1000 + len(shop.orders) + 1}"
    lines = held.get("lineItems", ())
    lines = lines["nodes"] if isinstance(lines, dict) else lines
    held["lineItems"] = [_line(shop, line, held["currencyCode"]) for line in lines]
    total = sum(map(_amount, held["lineItems"]), Decimal(0))
    for name in ("subtotalPriceSet", "totalPriceSet"):
        held.setdefault(name, _money(total, held["currencyCode"]))
    status = "OPEN" if held["displayFulfillmentStatus"] in _OPEN else "CLOSED"
    task = {"id": shop.gid("FulfillmentOrder"), "status": status, "createdAt": held["createdAt"]}
    task["order"] = held["id"]
    shop.fulfillment_orders[task["id"]] = task
    held["fulfillmentOrders"] = [task]
    shop.orders[held["id"]] = held
    return held


def _line(shop: Shop, line: Node, currency: str) -> Node:
    name = line.get("name") or line.get("title") or line.get("sku") or "Item"
    price = line.get("originalUnitPriceSet") or _money(Decimal(0), currency)
    quantity = line.get("quantity", 1)
    return {
        "sku": None,
        "title": name,
        **line,
        "id": line.get("id") or shop.gid("LineItem"),
        "name": name,
        "quantity": quantity,
        "currentQuantity": line.get("currentQuantity", quantity),
        "originalUnitPriceSet": price,
    }


def _amount(line: Node) -> Decimal:
    price = line["originalUnitPriceSet"]["shopMoney"]["amount"]
    return Decimal(price) * int(line["quantity"])


def _money(amount: Decimal, currency: str) -> Node:
    return {"shopMoney": {"amount": f"{amount:.2f}", "currencyCode": currency}}


def _timed(node: Node) -> Node:
    for name in _TIMES:
        if node.get(name):
            node[name] = instant(node[name])
    node.setdefault("updatedAt", node["createdAt"])
    return node
