"""Whether what came and went left a trace in the store, and whether the order in which it came did."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from crossroads.identity.nicknames import nicknames
from crossroads.identity.online import Register
from crossroads.identity.person import Person
from crossroads.identity.population import Population
from crossroads.identity.table import read
from crossroads.identity.train import train
from crossroads.store import Store, migrate, table
from crossroads.store.tables import Assertion, Edge, Node, Retired
from sandbox.identity.sets import Known
from sandbox.identity.store import SCOPE, put, url_of

ORDERS, TRIALS = 20, 1_000
AT = "2026-01-01T00:00:00.000000Z"

Told = tuple[str, str, str]
"""What somebody says of two records: their addresses, and must or cannot."""


def disturbed(known: Known, folder: Path) -> list[dict[str, Any]]:
    """Return how many states random orders leave, and how often a record that came and went left no trace."""
    records = list(read(known.file, known.fields))
    with Population(known.fields.others, nicknames()) as population:
        population.add(records)
        population.close()
        # Few may carry a loose key, as in a large population.
        register = Register(train(population).model_copy(update={"loose": 5}))
    states = {_ordered(records, register, folder / f"order{seed}", Random(seed)) for seed in range(ORDERS)}
    return [
        {"what": "random orders", "orders": ORDERS, "records": len(records), "states": len(states)},
        {"what": "erased", "trials": TRIALS, "as_never_seen": _erased(records, register, folder / "erased")},
    ]


def _ordered(
    records: Sequence[tuple[str, Person]], register: Register, folder: Path, random: Random
) -> tuple[Any, ...]:
    """Return what is left of records, and of pairs that people tell apart or together, in some order; others come and go."""
    store, mine = _empty(folder), list(records)
    names = pairwise(sorted(dict(records)))
    told = [(a, b, kind) for (a, b), kind in zip(names, ("must", "cannot") * 20, strict=False)]
    random.shuffle(mine)
    random.shuffle(told)
    others = [(f"x{name}", one) for name, one in random.sample(mine, len(mine) // 10)]
    wrong = [(name, one) for (name, _), (_, one) in zip(random.sample(mine, 100), others, strict=False)]
    _claim(store, register, told[:20])
    _batches(store, register, [*wrong, *others], random)
    _claim(store, register, told[20:30])
    rest = [*mine, *((name, None) for name, _ in others)]
    random.shuffle(rest)
    _batches(store, register, rest, random)
    _claim(store, register, told[30:])
    left = state(store)
    store.close()
    return left


def _erased(records: Sequence[tuple[str, Person]], register: Register, folder: Path) -> int:
    """Return in how many trials records that came and went, one or some dozens, left the state as it was."""
    random, store, same = Random(1), _empty(folder), 0
    _batches(store, register, records[: len(records) // 2], random)
    before, spare = state(store), records[len(records) // 2 :]
    for _ in range(TRIALS):
        some = random.sample(spare, random.choice((1, 1, 1, 5, 60)))
        put(store, register, some)
        _batches(store, register, [(name, None) for name, _ in some], random)
        same += state(store) == before
    store.close()
    return same


def _claim(store: Store, register: Register, told: Sequence[Told]) -> None:
    rows, nodes = table(Assertion), table(Node)
    with store.write(SCOPE) as db:
        for a, b, kind in told:
            db.execute(rows.insert().values(a=a, b=b, kind=kind, why="bench", at=AT))
        named = {name for a, b, _ in told for name in (a, b)}
        seeds = db.execute(select(nodes.c.number).where(nodes.c.address.in_(named))).scalars()
        register.settle(db, list(seeds))


def state(store: Store) -> tuple[Any, ...]:
    """Return all that is held, by addresses."""
    with store.read() as db:
        rows = db.execute(select(table(Node))).all()
        named = {row.number: row.address for row in rows} | {0: ""}
        nodes = sorted((row.address, row.person, row.hidden, named[row.cluster]) for row in rows)
        edges = sorted(
            (*sorted((named[a], named[b])), bits) for a, b, bits in db.execute(select(table(Edge)))
        )
        return (*nodes, *edges, *sorted(db.execute(select(table(Retired).c.key)).scalars()))


def _batches(
    store: Store, register: Register, records: Sequence[tuple[str, Person | None]], random: Random
) -> None:
    left = list(records)
    while left:
        some, left = left[: (size := random.choice((1, 10, 200)))], left[size:]
        put(store, register, some)


def _empty(folder: Path) -> Store:
    folder.mkdir()
    migrate(url_of(folder))
    return Store(url_of(folder))
