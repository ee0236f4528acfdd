"""Who is who among everybody at once: likely pairs by Splink and by our own scorer, and whom these and people's words make one.

What records that come one by one leave in the store is the same: a function of the records, the model and the assertions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from crossroads.identity.model import Model
from crossroads.identity.online import components, everybody
from crossroads.identity.online.components import APART, Whole
from crossroads.identity.online.edges import Pair, ordered
from crossroads.identity.population import Population
from crossroads.identity.resolve import weighed
from crossroads.identity.score import Scorer
from crossroads.identity.threshold import LEAST
from crossroads.store.session import chunks, table
from crossroads.store.tables import Assertion

STEP = 20_000
OTHERS = "SELECT a, b FROM blocked ANTI JOIN own ON own.a = blocked.a + 1 AND own.b = blocked.b + 1"
"""The pairs that Splink has levels for, by places."""

Word = tuple[str, str, str]
"""What people, or a create of ours, said of two records: their addresses and the kind."""


class Likely(NamedTuple):
    """The pairs of numbers that are rather one person's than not, with their bits, and how many pairs were weighed by whom."""

    pairs: Mapping[Pair, float]
    by_splink: int
    by_scorer: int

    def __repr__(self) -> str:
        return f"Likely({len(self.pairs)} pairs)"


def words(db: Connection) -> list[Word]:
    """Return all that is asserted in a store."""
    rows = table(Assertion)
    return [(a, b, kind) for a, b, kind in db.execute(select(rows.c.a, rows.c.b, rows.c.kind))]


def likely(people: Population, model: Model) -> Likely:
    """Weigh all pairs of a population that `everybody` made."""
    found: dict[Pair, float] = {}
    by_splink, scorer = 0, Scorer(model)
    for some in weighed(
        people,
        model,
        OTHERS,
    ):
        by_splink += len(some.bits)
        kept = some.bits >= LEAST
        ends = zip((some.a[kept] + 1).tolist(), (some.b[kept] + 1).tolist(), strict=True)
        found |= dict(zip(ends, some.bits[kept].tolist(), strict=True))
    own = people.db.execute("SELECT a, b FROM own").fetchall()
    for pairs in chunks(own, STEP):
        near = everybody.by_number(people, {end for ends in pairs for end in ends})
        said = {number: node.weighed for number, node in near.items()}
        for a, b in pairs:
            if (bits := scorer.best(said[a], said[b])) >= LEAST:
                found[a, b] = bits
    return Likely(found, by_splink, len(own))


def persons(
    people: Population, model: Model, pairs: Mapping[Pair, float], said: Iterable[Word] = ()
) -> dict[int, int]:
    """Return whose the records are that have company, by the number of the first: as all pairs and words together have it."""
    scorer, words = Scorer(model), _numbered(people, said)
    strong = {ends: bits for ends, bits in pairs.items() if bits >= model.threshold}
    whole = _hanging([*strong, *(ends for ends, kind in words if kind != APART)])
    members, near = defaultdict[int, list[int]](list), defaultdict[int, dict[Pair, float]](dict)
    must, cannot = defaultdict[int, dict[Pair, str]](dict), defaultdict[int, list[Pair]](list)
    for mine, first in whole.items():
        members[first].append(mine)
    for ends, bits in strong.items():
        near[whole[ends[0]]][ends] = bits
    for (a, b), kind in words:
        if kind != APART:
            must[whole[a]][a, b] = kind
        elif a in whole and whole[a] == whole.get(b):
            cannot[whole[a]].append((a, b))
    found: dict[int, int] = {}
    for some in chunks(sorted(members), STEP):
        nodes = everybody.by_number(people, {mine for first in some for mine in members[first]})
        for first in some:
            together = {mine: nodes[mine] for mine in members[first]}
            one = Whole(together, near[first], must[first], cannot[first])
            found |= components.split(one, scorer, model.threshold)
    return {mine: first for mine, first in found.items() if first}


def _numbered(people: Population, said: Iterable[Word]) -> list[tuple[Pair, str]]:
    """Return what was said, by numbers; of a record that is not there nothing is said."""
    words = list(said)
    place = people.places(name for a, b, _ in words for name in (a, b)) if words else {}
    return [(ordered(place[a] + 1, place[b] + 1), kind) for a, b, kind in words if a in place and b in place]


def _hanging(pairs: Sequence[Pair]) -> dict[int, int]:
    """Return, for each record of these pairs, the one that stands for all it hangs together with."""
    home: dict[int, int] = {}

    def root(mine: int) -> int:
        while home.setdefault(mine, mine) != mine:
            home[mine] = mine = home[home[mine]]
        return mine

    for a, b in pairs:
        home[root(a)] = root(b)
    return {mine: root(mine) for mine in home}
