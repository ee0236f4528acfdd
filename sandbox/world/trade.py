"""What the persons order: most in the shop, some in the ERP, one or two before the ERP knows the customer."""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.world.truth import Cell, Held, Line, Order, World, key

ARTICLES = (
    ("TG11", "Notebook Professional 15", "PC", "899.00"),
    ("TG13", "ITelO Vault", "PC", "49.50"),
    ("TG14", "Comfort Easy Keyboard", "PC", "39.90"),
    ("TG21", "Flat Basic Monitor 24", "PC", "129.00"),
    ("TG31", "Smart Multimedia Player", "PC", "79.00"),
)
"""Articles that mock-sap starts with."""
LATE = 3


def orders(world: World, plain: list[Held], rng: random.Random) -> None:
    """Place the orders: in the shop by one shopper in twenty, in the ERP by some, and some too early."""
    shoppers = [held for held in plain if held.connection == "shop"]
    for index, held in enumerate(rng.sample(shoppers, min(len(shoppers), 3 + len(shoppers) // 20))):
        world.orders.append(_order("shop", f"#{1001 + index}", held, rng))
    partners = [held for held in plain if held.connection == "erp"]
    for index, held in enumerate(rng.sample(partners, min(len(partners), 2 + len(partners) // 60))):
        world.orders.append(_order("erp", f"PO-{2001 + index}", held, rng))
    _too_early(world, plain, rng)


def _too_early(world: World, plain: list[Held], rng: random.Random) -> None:
    """Place orders in the ERP of partners who are created there only later: they wait for their customer."""
    records = Counter(held.person for held in plain)
    alone = [held for held in plain if held.connection == "crm" and records[held.person] == 1]
    for index, held in enumerate(rng.sample(alone, min(LATE, len(alone)))):
        number = key("erp", int(held.person[1:]))
        late = replace(held, connection="erp", key=number, erp_number=None, handle=None)
        world.late.append(late)
        world.orders.append(_order("erp", f"LATE-{3001 + index}", late, rng))
        # Once the partner is there, the contact learns its number.
        world.cells.append(Cell(held.person, "erp_number", "late_customer", "settle", number, (held.name,)))


def _order(connection: str, number: str, held: Held, rng: random.Random) -> Order:
    lines = tuple(
        Line(sku, name, unit, rng.randrange(1, 4), price)
        for sku, name, unit, price in rng.sample(ARTICLES, rng.randrange(1, 4))
    )
    placed: datetime = held.changed + timedelta(hours=rng.randrange(1, 200))
    return Order(connection, number, held.person, held.key, placed, lines)
