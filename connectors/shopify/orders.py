"""Orders: lines come as a plain list, and "delivered" is written by fulfilling what is still open."""

from collections.abc import Mapping
from typing import Any

from connectors.shopify import documents
from connectors.shopify.batch import Mutations
from crossroads.errors import RecordRejected
from crossroads.protocols.graphql import GraphQL
from crossroads.protocols.legible import legible
from crossroads.protocols.paging import place
from crossroads.records import Change, Record

_OPEN = {"OPEN", "IN_PROGRESS"}
_WAITING = {"SCHEDULED", "ON_HOLD"}


def whole(graphql: GraphQL, order: Record) -> Record:
    """Return an order with all its lines in a plain list."""
    connection = order.get("lineItems") or {"nodes": []}
    lines, page = list(connection["nodes"]), connection.get("pageInfo") or {}
    while page.get("hasNextPage"):
        asked = {"id": order["id"], "after": page["endCursor"]}
        more = place(graphql.query(documents.MORE_LINES, asked).body, "data.order.lineItems")
        if more is None:  # deleted meanwhile: what we have is what it last was
            break
        lines, page = lines + more["nodes"], more["pageInfo"]
    return {**order, "lineItems": lines}


@legible
def plan(batch: Mutations, name: str, change: Change, held: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Add the fulfilments that make an order delivered; none, if nothing of it is open.

    `held` are the orders with their fulfillment orders as they are now. Each gets a fulfilment of its own,
    because those of one fulfilment must be at the same location.
    """
    _accept(change)
    order = held.get(change.key or "")
    if order is None:
        raise RecordRejected(f"Order {change.key} is not there (any more).")
    tasks = place(order, "fulfillmentOrders.nodes") or []
    waiting = [task["status"] for task in tasks if task["status"] in _WAITING]
    if waiting:
        raise RecordRejected(
            f"Order {change.key}: a fulfillment order is {waiting[0]}; release it in the shop."
        )
    aliases = []
    for number, task in enumerate(task for task in tasks if task["status"] in _OPEN):
        alias = f"{name}f{number}"
        given = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": task["id"]}], "notifyCustomer": False}
        selection = "fulfillment { id status } userErrors { field message }"
        batch.add(alias, "fulfillmentCreate", {"fulfillment": ("FulfillmentInput!", given)}, selection)
        aliases.append(alias)
    return aliases


def _accept(change: Change) -> None:
    """Raise RecordRejected unless a change says nothing but that the order is delivered."""
    if change.key is None:
        raise RecordRejected("Orders are placed in the shop; this connector creates none.")
    others = set(change.record) - {"displayFulfillmentStatus"}
    if others or change.parts:
        names = ", ".join(sorted(others)) or "nested entities"
        raise RecordRejected(
            f"Order {change.key}: only displayFulfillmentStatus can be written, not {names}."
        )
    if change.record.get("displayFulfillmentStatus") != "FULFILLED":
        raise RecordRejected(f"Order {change.key}: displayFulfillmentStatus can only become FULFILLED.")
