"""The records in the store as they are compared, by their numbers and their addresses."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from crossroads.identity.person import Person
from crossroads.store.session import Bulk, Delete, Lookup, Update
from crossroads.store.tables import Node as Row

EMAIL, PHONE = 1, 2
HIDES = {"email": (EMAIL, "email"), "phone": (PHONE, "number")}
"""What of a record may be nobody's own, by field: its bit, and what of the field counts."""

_said = Bulk(Row, ("address", "person", "hidden", "cluster"), conflict=("address",), update=("person",))
_by_number, _by_address = (
    Lookup(Row, ("number", "address", "person", "hidden", "cluster"), by) for by in ("number", "address")
)
_by_cluster = Lookup(Row, ("number",), "cluster")
_gone = Delete(Row, ("number",))
_hidden = Update(Row, ("hidden",))
_clusters = Update(Row, ("cluster",))


class Node(NamedTuple):
    """A record: what it says, and what of that is nobody's own; `cluster` is its person's first record, 0 of who is alone."""

    number: int
    address: str
    said: Person
    hidden: int
    cluster: int

    def __repr__(self) -> str:
        return f"Node({self.number})"

    @property
    def person(self) -> Person:
        """The record as it is weighed."""
        if not self.hidden:
            return self.said
        return self.said._replace(
            email=None if self.hidden & EMAIL else self.said.email,
            phone=None if self.hidden & PHONE else self.said.phone,
        )


def by_number(db: Connection, numbers: Collection[int]) -> dict[int, Node]:
    """Return records by their numbers."""
    return {row[0]: _node(row) for row in _by_number(db, numbers)}


def by_address(db: Connection, addresses: Collection[str]) -> dict[str, Node]:
    """Return those records that are known, by their addresses."""
    return {row[1]: _node(row) for row in _by_address(db, addresses)}


def of_persons(db: Connection, nodes: Iterable[Node]) -> set[int]:
    """Return the numbers of all records of these records' persons."""
    return {number for (number,) in _by_cluster(db, {node.cluster for node in nodes if node.cluster})}


def say(db: Connection, persons: Mapping[str, Person]) -> None:
    """Store what records say, by their addresses; what is new gets a number."""
    _said(db, [(name, written(persons[name]), 0, 0) for name in sorted(persons)])


def hide(db: Connection, hidden: Mapping[int, int]) -> None:
    """Store what of records is nobody's own, by their numbers."""
    _hidden(db, [(what, number) for number, what in sorted(hidden.items())])


def join(db: Connection, clusters: Mapping[int, int]) -> None:
    """Store whose records are."""
    _clusters(db, [(cluster, number) for number, cluster in sorted(clusters.items())])


def forget(db: Connection, numbers: Collection[int]) -> None:
    """Drop records."""
    _gone(db, [(number,) for number in sorted(numbers)])


def written(person: Person) -> str:
    """Return a record as it is stored."""
    return orjson.dumps([*person]).decode()


def _node(row: tuple[Any, ...]) -> Node:
    number, address, said, hidden, cluster = row
    *values, others = orjson.loads(said)
    return Node(number, address, Person._make([*values, tuple(others)]), hidden, cluster)
