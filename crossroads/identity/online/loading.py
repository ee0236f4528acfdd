"""Take everybody over into an empty store, as if they had come one by one."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, select

from crossroads.errors import ConfigError
from crossroads.identity.blocking import LIMIT
from crossroads.identity.online import nodes
from crossroads.identity.online.blocks import SIGN
from crossroads.identity.online.edges import Pair
from crossroads.identity.population import PER_STEP, Population
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Block, Edge, Node, Retired

_node = Bulk(Node, ("number", "address", "person", "hidden", "cluster"), strict=True)
_block = Bulk(Block, ("key", "node"), strict=True)
_edge = Bulk(Edge, ("a", "b", "bits"), strict=True)
_retired = Bulk(Retired, ("key",), strict=True)


def load(db: Connection, people: Population, pairs: Mapping[Pair, float], persons: Mapping[int, int]) -> None:
    """Store a population that `everybody` made, with its likely pairs and its persons as `together` finds them."""
    if not nodes.none(db):
        raise ConfigError("The store knows people already: load into an empty one.")
    told = _rows(people, "SELECT number, id, text, hidden FROM told ORDER BY number")
    _store(db, _node, ((*row, persons.get(row[0], 0)) for row in told))
    key = f"(key::HUGEINT - {SIGN})::BIGINT"
    _store(db, _block, _rows(people, f"SELECT {key}, place + 1 FROM carried ORDER BY 1, 2"))  # noqa: S608
    many = f"SELECT {key} FROM carried GROUP BY key HAVING count(*) > {LIMIT} ORDER BY 1"  # noqa: S608
    _store(db, _retired, _rows(people, many))
    _store(db, _edge, ((*ends, bits) for ends, bits in sorted(pairs.items())))
    if db.dialect.name == "postgresql":
        # Numbers that were given do not move the sequence that gives the next.
        rows = table(Node)
        db.execute(
            select(
                func.setval(
                    func.pg_get_serial_sequence("node", "number"),
                    select(func.max(rows.c.number)).scalar_subquery(),
                )
            )
        )


def _rows(people: Population, query: str) -> Iterator[tuple[Any, ...]]:
    answer = people.db.execute(query)
    while some := answer.fetchmany(PER_STEP):
        yield from some


def _store(db: Connection, into: Bulk, rows: Iterable[tuple[Any, ...]]) -> None:
    left = iter(rows)
    while some := list(islice(left, PER_STEP)):
        into(db, some)
