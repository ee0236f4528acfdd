"""Hold who is who in the store against one comparison of everybody at once, as a batch makes it.

Of the store nothing is believed but what its records say and what people asserted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from crossroads.identity.evaluation import torn
from crossroads.identity.model import Model
from crossroads.identity.online import nodes
from crossroads.identity.online.edges import Pair, ordered
from crossroads.identity.online.everybody import everybody
from crossroads.identity.online.together import STEP, likely, persons, words
from crossroads.identity.threshold import LEAST
from crossroads.store.session import table
from crossroads.store.tables import Edge

NEARLY = 1e-6
"""Bits by which two sums of the same weights may differ."""


class Difference(NamedTuple):
    """Two records, and the bits of the pair in the store and by the batch; None where it is no likely pair."""

    a: str
    b: str
    stored: float | None
    found: float | None


class Audited(NamedTuple):
    """What an audit found: how many records, pairs weighed by Splink and by our own scorer, and all that differs.

    `joined` are persons of the batch who are several in the store, `parted` those of the store who are several by the batch:
    each is the records of its parts.
    """

    records: int
    by_splink: int
    by_scorer: int
    pairs: Sequence[Difference]
    joined: Sequence[Sequence[Sequence[str]]]
    parted: Sequence[Sequence[Sequence[str]]]


def audited(db: Connection, model: Model) -> Audited:
    """Compare everybody in a store at once by the model in use there; the connection must show one instant of it."""
    said = ((node.address, node.said) for some in nodes.every(db, STEP) for node in some)
    with everybody(said, model.nicknames, model) as people:
        found = likely(people, model)
        first = persons(people, model, found.pairs, words(db))
        names = list(people.ids())
    batch = {name: first.get(mine, mine) for mine, name in enumerate(names, 1)}
    live = nodes.whose(db)
    differing = [
        Difference(names[a - 1], names[b - 1], *bits) for (a, b), bits in _differing(db, names, found.pairs)
    ]
    return Audited(
        len(live), found.by_splink, found.by_scorer, differing, torn(batch, live), torn(live, batch)
    )


def _differing(
    db: Connection, names: Sequence[str], found: Mapping[Pair, float]
) -> Iterator[tuple[Pair, tuple[float | None, float | None]]]:
    rows, number = table(Edge), nodes.numbers(db)
    mine = {number[name]: place for place, name in enumerate(names, 1)}
    query = select(rows.c.a, rows.c.b, rows.c.bits)
    stored = {ordered(mine[a], mine[b]): bits for a, b, bits in db.execute(query)}
    for ends in sorted(stored.keys() | found.keys()):
        one, other = stored.get(ends), found.get(ends)
        # A pair right at the limit of what is kept may be kept by one sum and not by the other.
        if abs((one or LEAST) - (other or LEAST)) > NEARLY:
            yield ends, (one, other)
