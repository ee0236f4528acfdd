"""How the fields of `Query` and of the connections below an order are answered."""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox.shopify.shop import Node, Shop, phone

Info: TypeAlias = "GraphQLResolveInfo[Any]"


def shop(_: Any, info: Info) -> Node:
    return {"id": "gid://shopify/Shop/1", "name": "Sandbox", "currencyCode": "EUR"}


def customer(_: Any, info: Info, **asked: str) -> Node | None:
    return held(info).customers.get(asked["id"])


def customer_by_identifier(_: Any, info: Info, identifier: Mapping[str, Any]) -> Node | None:
    email, number = identifier.get("emailAddress"), identifier.get("phoneNumber")
    return identified(held(info), identifier.get("id"), email, number, identifier.get("customId"))


def customers(_: Any, info: Info, **asked: Any) -> Node:
    return held(info).page(held(info).customers, **asked)


def customers_count(_: Any, info: Info, limit: int | None = None, query: str | None = None) -> Node:
    if query:
        raise GraphQLError("this stand-in counts all customers only")
    number = len(held(info).customers)
    reached = limit is not None and number >= limit
    return {"count": limit if reached else number, "precision": "AT_LEAST" if reached else "EXACT"}


def order(_: Any, info: Info, **asked: str) -> Node | None:
    return held(info).orders.get(asked["id"])


def orders(_: Any, info: Info, **asked: Any) -> Node:
    return held(info).page(held(info).orders, **asked)


def nodes(_: Any, info: Info, ids: list[str]) -> list[Node | None]:
    if len(ids) > 250:
        raise GraphQLError("The input array size of ids is greater than the maximum allowed of 250.")
    for gid in ids:
        if not re.fullmatch(r"gid://shopify/\w+/\d+", gid):
            raise GraphQLError(f"Invalid global id '{gid}'")
    return [held(info).customers.get(gid) or held(info).orders.get(gid) for gid in ids]


def node_type(value: Node, *_: Any) -> str:
    """Tell the type of a node from its id."""
    return str(value["id"].split("/")[-2])


def metafield(parent: Node, info: Info, key: str, namespace: str | None = None) -> Node | None:
    found: Node | None = parent.get("metafields", {}).get(f"{namespace}.{key}")
    return found


def order_customer(parent: Node, info: Info) -> Node | None:
    return held(info).customers.get((parent.get("customer") or {}).get("id", ""))


def line_items(parent: Node, info: Info, first: int | None = None, after: str | None = None) -> Node:
    return _part(parent["lineItems"], first, after)


def fulfillment_orders(parent: Node, info: Info, first: int | None = None, after: str | None = None) -> Node:
    return _part(parent["fulfillmentOrders"], first, after)


def identified(
    shop: Shop, gid: str | None, email: str | None, number: str | None, custom: Mapping[str, str] | None
) -> Node | None:
    """Return the customer named by one of the four identifiers."""
    if gid:
        return shop.customers.get(gid)
    if custom:
        return shop.customers.get(shop.custom_ids.get(custom_key(custom), ""))
    return shop.holder("email", email) or shop.holder("phone", phone(number) if number else None)


def custom_key(custom: Mapping[str, str]) -> str:
    """Return the key under which a unique metafield value is kept."""
    return f"{custom.get('namespace') or 'app'}.{custom['key']}={custom['value']}"


def held(info: Info) -> Shop:
    """Return the shop a request is about."""
    shop: Shop = info.context["shop"]
    return shop


def _part(items: list[Node], first: int | None, after: str | None) -> Node:
    if first is None:
        raise GraphQLError("you must provide one of first or last")
    start = int(after) if after else 0
    shown = items[start : start + first]
    end = start + len(shown)
    return {
        "nodes": shown,
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": str(start),
            "endCursor": str(end),
        },
    }
