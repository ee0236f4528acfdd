"""Take many people over from a batch into an empty store, as if they had come one by one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, select

from crossroads.errors import ConfigError
from crossroads.identity.blocking import LIMIT
from crossroads.identity.model import Model
from crossroads.identity.online import models
from crossroads.identity.online.blocks import SIGN
from crossroads.identity.online.nodes import BITS
from crossroads.identity.person import of_columns
from crossroads.identity.population import PER_STEP, Population
from crossroads.identity.resolve import Resolved
from crossroads.identity.said import written
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Block, Edge, Node, Retired

_node = Bulk(Node, ("number", "address", "person", "hidden", "cluster"), strict=True)
_block = Bulk(Block, ("key", "node"), strict=True)
_edge = Bulk(Edge, ("a", "b", "bits"), strict=True)
_retired = Bulk(Retired, ("key",), strict=True)


def adopted(model: Model, found: Resolved) -> Model:
    """Return the model by which records are to be taken in that come after a batch: of its size, with its threshold."""
    return model.of_size(len(found.clusters)).model_copy(update={"threshold": found.threshold})


def load(db: Connection, population: Population, found: Resolved, model: Model, *, at: str) -> None:
    """Store a population, whose ids are addresses, as a model resolved it; what comes after it is taken in by that model."""
    if db.execute(select(table(Node).c.number).limit(1)).first():
        raise ConfigError("The store knows people already: load into an empty one.")
    models.keep(db, adopted(model, found), actor="", why="all were loaded by it", at=at)
    sizes: dict[int, int] = {}
    for first in found.clusters:
        sizes[first] = sizes.get(first, 0) + 1
    clusters = [first + 1 if sizes[first] > 1 else 0 for first in found.clusters]
    _store(db, _node, _nodes(population, clusters))
    key = f"(key::HUGEINT - {SIGN})::BIGINT"
    _store(db, _block, _rows(population, f"SELECT {key}, place + 1 FROM carried ORDER BY 1, 2"))  # noqa: S608
    many = f"SELECT {key} FROM carried GROUP BY key HAVING count(*) > {LIMIT} ORDER BY 1"  # noqa: S608
    _store(db, _retired, _rows(population, many))
    _store(db, _edge, ((a + 1, b + 1, bits) for (a, b), bits in sorted(found.likely.items())))
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


def _nodes(population: Population, clusters: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    said = ", ".join(f"people.{name}" for name in population.fields)
    query = f"SELECT place, people.id, hidden.email, hidden.phone, {said} FROM people LEFT JOIN hidden USING (id) ORDER BY place"  # noqa: S608
    for place, address, email, phone, *values in _rows(population, query):
        person = of_columns(values)
        hidden = 0
        if email and not person.email:
            person, hidden = person._replace(email=email), hidden | BITS["email"]
        if phone and not person.phone:
            person, hidden = person._replace(phone=phone), hidden | BITS["phone"]
        yield place + 1, address, written((person,)), hidden, clusters[place]


def _rows(population: Population, query: str) -> Iterator[tuple[Any, ...]]:
    answer = population.db.execute(query)
    while some := answer.fetchmany(PER_STEP):
        yield from some


def _store(db: Connection, into: Bulk, rows: Iterable[tuple[Any, ...]]) -> None:
    left = iter(rows)
    while some := list(islice(left, PER_STEP)):
        into(db, some)
