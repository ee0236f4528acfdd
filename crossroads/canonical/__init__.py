"""The words of the business: customers, orders, interactions."""

from crossroads.canonical.common import Canonical, Document, fields, knows, nested, pattern
from crossroads.canonical.customer import Customer
from crossroads.canonical.interaction import Interaction
from crossroads.canonical.order import Order

ENTITIES: dict[str, type[Canonical]] = {"customer": Customer, "order": Order, "interaction": Interaction}
"""In the order in which they depend on each other: an order needs its customer, an interaction its author."""

__all__ = [
    "ENTITIES",
    "Canonical",
    "Customer",
    "Document",
    "Interaction",
    "Order",
    "fields",
    "knows",
    "nested",
    "pattern",
]
