"""The schema with its resolvers, and documents checked against it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pycountry
from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, parse, validate

from sandbox.shopify import customers, orders, queries

_RESOLVERS: dict[str, dict[str, Any]] = {
    "Query": {
        "shop": queries.shop,
        "customer": queries.customer,
        "customerByIdentifier": queries.customer_by_identifier,
        "customers": queries.customers,
        "customersCount": queries.customers_count,
        "order": queries.order,
        "orders": queries.orders,
        "nodes": queries.nodes,
    },
    "Customer": {"metafield": queries.metafield},
    "Order": {
        "customer": queries.order_customer,
        "lineItems": queries.line_items,
        "fulfillmentOrders": queries.fulfillment_orders,
    },
    "Mutation": {
        "customerCreate": customers.create,
        "customerUpdate": customers.update,
        "customerDelete": customers.delete,
        "customerSet": customers.upsert,
        "customerAddressCreate": customers.create_address,
        "customerAddressUpdate": customers.update_address,
        "fulfillmentCreate": orders.fulfill,
        "orderCreate": orders.place,
    },
}


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """Return the vendor's schema, as far as this stand-in knows it."""
    countries = " ".join(country.alpha_2 for country in pycountry.countries)
    text = (Path(__file__).parent / "schema.graphql").read_text()
    built = build_schema(f"{text}\nenum CountryCode {{ {countries} }}\n")
    for name, fields in _RESOLVERS.items():
        kind: Any = built.get_type(name)
        for field, resolve in fields.items():
            kind.fields[field].resolve = resolve
    node: Any = built.get_type("Node")
    node.resolve_type = queries.node_type
    return built


@lru_cache(maxsize=256)
def checked(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """Return the parsed document, or why the schema does not allow it."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    errors = validate(schema(), document)
    return (None, tuple(errors)) if errors else (document, ())
