"""How orders are placed and fulfilled."""

from typing import Any

from sandbox.shopify import seed
from sandbox.shopify.customers import Input, error, saved, wrote
from sandbox.shopify.queries import Info, held, identified
from sandbox.shopify.shop import Node


def fulfill(_: Any, info: Info, fulfillment: Input, message: str | None = None) -> Node:
    shop, tasks = held(info), []
    for pair in fulfillment["lineItemsByFulfillmentOrder"]:
        task = shop.fulfillment_orders.get(pair["fulfillmentOrderId"])
        if task is None:
            return {
                "fulfillment": None,
                "userErrors": [_wrong("fulfillment", "Fulfillment order does not exist.")],
            }
        if task["status"] not in ("OPEN", "IN_PROGRESS"):
            said = f"Fulfillment order {task['id']} has an unfulfillable status= {task['status'].lower()}."
            return {"fulfillment": None, "userErrors": [_wrong("fulfillment", said)]}
        tasks.append(task)
    for task in tasks:
        task["status"] = "CLOSED"
        order = shop.orders[task["order"]]
        done = all(other["status"] == "CLOSED" for other in order["fulfillmentOrders"])
        order["displayFulfillmentStatus"] = "FULFILLED" if done else "PARTIALLY_FULFILLED"
        wrote(info, order)
    return {"fulfillment": {"id": shop.gid("Fulfillment"), "status": "SUCCESS"}, "userErrors": []}


def place(_: Any, info: Info, order: Input) -> Node:
    if not order.get("lineItems"):
        return {"order": None, "userErrors": [_wrong("lineItems", "Line items can't be blank")]}
    customer, errors = _customer(info, order.get("customer") or {})
    if errors:
        return {"order": None, "userErrors": errors}
    lines = [{**line, "originalUnitPriceSet": line.get("priceSet")} for line in order["lineItems"]]
    node: Node = {
        "currencyCode": order.get("currency") or "EUR",
        "customer": customer and {"id": customer["id"]},
        "email": order.get("email"),
        "displayFinancialStatus": "PAID",
        "lineItems": lines,
        **{name: order[name] for name in ("name", "processedAt") if order.get(name)},
    }
    made = seed.order(held(info), node)
    wrote(info, made, created=True)
    return {"order": made, "userErrors": []}


def _customer(info: Info, who: Input) -> tuple[Node | None, list[Node]]:
    if associate := who.get("toAssociate"):
        found = identified(held(info), associate.get("id"), associate.get("email"), None, None)
        return found, [] if found else [_wrong("customer", "Customer does not exist")]
    if upsert := who.get("toUpsert"):
        found = identified(held(info), None, upsert.get("email"), upsert.get("phone"), None)
        return saved(info, found, upsert)
    return None, []


def _wrong(field: str, message: str) -> Node:
    return error([field], message, "INVALID")
