"""What is planted, in neutral words: the records systems hold, and what would be right."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sandbox.salesforce.ids import made
from sandbox.world.people import Address, Person

Outcome: TypeAlias = Literal["settle", "reject", "ask"]
WRITABLE = ("erp", "crm", "shop")
"""Connections whose customers can be changed; a cell is only judged there."""

FIELDS: dict[str, tuple[str, ...]] = {
    "given_name": WRITABLE,
    "family_name": WRITABLE,
    "email": WRITABLE,
    "mobile": WRITABLE,
    "address": WRITABLE,
    "language": ("erp", "shop"),
    "erp_number": ("crm",),
}
"""The fields that are judged, and the connections that have them."""


@dataclass(frozen=True, slots=True)
class Held:
    """One record of one person in one system; what a system does not say is None."""

    connection: str
    key: str
    person: str
    changed: datetime
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    mobile: str | None = None
    address: Address | None = None
    language: str | None = None
    erp_number: str | None = None
    handle: str | None = None

    @property
    def name(self) -> str:
        """The record's address, as `connection:key`."""
        return f"{self.connection}:{self.key}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One planted difference: a field of a person, what becomes of it, and who holds it."""

    person: str
    field: str
    kind: str
    outcome: Outcome
    expected: str | None
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One order line of an article that mock-sap knows."""

    sku: str
    name: str
    unit: str
    quantity: int
    price: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands in the connection where it was placed; `customer` is a key of that connection."""

    connection: str
    number: str
    person: str
    customer: str
    placed: datetime
    lines: tuple[Line, ...]
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class Message:
    """Something a person wrote in public: a mention on the network, or a post in the community."""

    connection: str
    person: str
    author: str
    text: str
    written: datetime


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is loaded, and everything that is known about it."""

    seed: int
    persons: dict[str, Person]
    records: list[Held]
    cells: list[Cell]
    apart: list[tuple[str, str]]
    orders: list[Order] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    late: list[Held] = field(default_factory=list)

    def held(self, connection: str) -> list[Held]:
        """The records of one connection, in the order of their last change."""
        found = [record for record in self.records if record.connection == connection]
        return sorted(found, key=lambda record: (record.changed, record.key))

    def truth(self) -> dict[str, Any]:
        """`truth.json`: what the checker needs, as plain data."""
        return {
            "seed": self.seed,
            "persons": {person.id: asdict(person) for person in self.persons.values()},
            "records": [
                {"connection": held.connection, "key": held.key, "person": held.person}
                for held in (*self.records, *self.late)
            ],
            "cells": [asdict(cell) for cell in self.cells],
            "steady": [asdict(cell) for cell in self.steady()],
            "apart": self.apart,
            "late": [held.name for held in self.late],
            "orders": [
                {"connection": o.connection, "number": o.number, "person": o.person} for o in self.orders
            ],
            "messages": [
                {"connection": m.connection, "person": m.person, "author": m.author} for m in self.messages
            ],
        }

    def steady(self) -> Iterator[Cell]:
        """Cells without a planted difference, which must still show the same after every run."""
        planted = {(cell.person, cell.field) for cell in self.cells}
        strange = {cell.person for cell in self.cells if cell.outcome != "settle"}
        records: dict[str, list[Held]] = {}
        for held in sorted(self.records, key=lambda held: held.changed):
            records.setdefault(held.person, []).append(held)
        for person, group in records.items():
            for name, connections in FIELDS.items():
                holders = [held for held in group if held.connection in connections and said(held, name)]
                if person in strange:
                    # Nobody can tell what is right, so every record keeps what it says.
                    yield from (_unchanged(held, name, [held]) for held in holders)
                elif holders and (person, name) not in planted:
                    yield _unchanged(holders[-1], name, holders)


def _unchanged(right: Held, name: str, holders: list[Held]) -> Cell:
    return Cell(right.person, name, "none", "settle", said(right, name), tuple(held.name for held in holders))


def key(connection: str, number: int) -> str:
    """Return the key a connection gives to its record with this number."""
    # Above every number that the stand-ins hand out themselves.
    if connection == "crm":
        return made("003", 1_000_000 + number)
    return str({"erp": 2_000_000, "shop": 7_000_000_000, "community": 1_000}[connection] + number)


def said(held: Held, name: str) -> str | None:
    """Return what a record says of a field, as one text."""
    value = getattr(held, name)
    if isinstance(value, Address):
        return "|".join((value.street, value.postal_code, value.city, value.country))
    return None if value is None else str(value)
