"""The records in the store as they are compared, by their numbers and their addresses."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from crossroads.identity.person import HIDDEN, Person, Said
from crossroads.identity.said import read, written
from crossroads.store.session import Bulk, Delete, Lookup, Update, table
from crossroads.store.tables import Node as Row

BITS = {field: 1 << place for place, field in enumerate(HIDDEN)}
"""What of one statement may be nobody's own: a bit each, below those of the next."""

_said = Bulk(Row, ("address", "person", "hidden", "cluster"), conflict=("address",), update=("person",))
_by_number, _by_address = (
    Lookup(Row, ("number", "address", "person", "hidden", "cluster"), by) for by in ("number", "address")
)
_numbers = Lookup(Row, ("number", "address"), "address")
_by_cluster = Lookup(Row, ("number",), "cluster")
_gone = Delete(Row, ("number",))
_hidden = Update(Row, ("hidden",))
_clusters = Update(Row, ("cluster",))


class Node(NamedTuple):
    """A record: what it says, and what of that is nobody's own; `cluster` is its person's first record, 0 of who is alone."""

    number: int
    address: str
    said: Said
    hidden: int
    cluster: int

    def __repr__(self) -> str:
        return f"Node({self.number})"

    @property
    def weighed(self) -> Said:
        """The record as it is weighed."""
        if not self.hidden:
            return self.said
        return tuple(
            one.without({field for field, bit in BITS.items() if self.hidden >> place * len(BITS) & bit})
            for place, one in enumerate(self.said)
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


def say(db: Connection, records: Mapping[str, Said], known: Mapping[str, Node]) -> dict[int, Node]:
    """Store what records say, by their addresses, and return them by their numbers; who is not known yet gets one."""
    _said(db, [(name, written(records[name]), 0, 0) for name in sorted(records)])
    new = (Node(number, name, records[name], 0, 0) for number, name in _numbers(db, records.keys() - known))
    old = (known[name]._replace(said=said) for name, said in records.items() if name in known)
    return {node.number: node for node in chain(new, old)}


def hide(db: Connection, hidden: Mapping[int, int]) -> None:
    """Store what of records is nobody's own, by their numbers."""
    _hidden(db, [(what, number) for number, what in sorted(hidden.items())])


def join(db: Connection, clusters: Mapping[int, int]) -> None:
    """Store whose records are."""
    _clusters(db, [(cluster, number) for number, cluster in sorted(clusters.items())])


def forget(db: Connection, numbers: Collection[int]) -> None:
    """Drop records."""
    _gone(db, [(number,) for number in sorted(numbers)])


def none(db: Connection) -> bool:
    """Tell whether no record is known."""
    return db.execute(select(func.min(table(Row).c.number))).scalar() is None


def speaking(db: Connection) -> int:
    """Return how many records say something of their own: one that was made for another says nothing."""
    rows = table(Row)
    silent = (written(()), written((Person(),)))
    return db.execute(select(func.count()).where(rows.c.person.not_in(silent))).scalar_one()


def every(db: Connection, size: int = 1000) -> Iterator[list[Node]]:
    """Yield the records that are there at the beginning, so many at a time."""
    rows = table(Row)
    after, last = 0, db.execute(select(func.max(rows.c.number))).scalar() or 0
    query = select(rows.c.number, rows.c.address, rows.c.person, rows.c.hidden, rows.c.cluster)
    query = query.where(rows.c.number <= last).order_by(rows.c.number).limit(size)
    while some := db.execute(query.where(rows.c.number > after)).all():
        yield [_node(row) for row in some]
        after = some[-1].number


def _node(row: tuple[Any, ...]) -> Node:
    number, address, said, hidden, cluster = row
    return Node(number, address, read(said), hidden, cluster)


def numbers(db: Connection) -> dict[str, int]:
    """Return the number of every record, by its address."""
    rows = table(Row)
    found = db.execute(select(rows.c.address, rows.c.number))
    return {row.address: row.number for row in found}


def whose(db: Connection) -> dict[str, int]:
    """Return the person of every record, by the number of its first one."""
    rows = table(Row)
    found = db.execute(select(rows.c.address, rows.c.cluster, rows.c.number))
    return {address: cluster or number for address, cluster, number in found}
