"""Hold who is who in the store against one comparison of everybody at once, as a batch makes it.

Of the store nothing is believed but what its records say and what people asserted.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from crossroads.identity.evaluation import torn
from crossroads.identity.model import Model
from crossroads.identity.online import components, nodes
from crossroads.identity.online.components import APART, Whole
from crossroads.identity.online.edges import Pair, ordered
from crossroads.identity.online.everybody import STEP, taken
from crossroads.identity.online.nodes import Node
from crossroads.identity.population import Population
from crossroads.identity.resolve import weighed
from crossroads.identity.score import Scorer
from crossroads.identity.threshold import LEAST
from crossroads.store.session import chunks, table
from crossroads.store.tables import Assertion, Edge

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
    scorer, number = Scorer(model), nodes.numbers(db)
    with Population((), model.nicknames) as people:
        hidden = taken(db, people, model)
        places = [number[name] for name in people.ids()]
        likely: dict[Pair, float] = {}
        by_splink = 0
        for some in weighed(people, model, "SELECT a, b FROM blocked ANTI JOIN own USING (a, b)"):
            by_splink += len(some.bits)
            kept = some.bits >= LEAST
            rows = zip(some.a[kept].tolist(), some.b[kept].tolist(), some.bits[kept].tolist(), strict=True)
            likely |= {ordered(places[a], places[b]): bits for a, b, bits in rows}
        own = [ordered(places[a], places[b]) for a, b in people.db.execute("SELECT a, b FROM own").fetchall()]
    for pairs in chunks(own, STEP):
        near = _nodes(db, {end for ends in pairs for end in ends}, hidden)
        bits = {(a, b): scorer.best(near[a].weighed, near[b].weighed) for a, b in pairs}
        likely |= {ends: weight for ends, weight in bits.items() if weight >= LEAST}
    name = {mine: address for address, mine in number.items()}
    found = {name[mine]: first for mine, first in _persons(db, scorer, likely, number, hidden).items()}
    live = nodes.whose(db)
    differing = [Difference(name[a], name[b], *bits) for (a, b), bits in _differing(db, likely)]
    return Audited(len(live), by_splink, len(own), differing, torn(found, live), torn(live, found))


def _nodes(db: Connection, numbers: Collection[int], hidden: Mapping[int, int]) -> dict[int, Node]:
    """Return records, with what was found anew to be nobody's own."""
    found = nodes.by_number(db, numbers)
    return {mine: node._replace(hidden=hidden.get(mine, 0)) for mine, node in found.items()}


def _persons(
    db: Connection,
    scorer: Scorer,
    likely: Mapping[Pair, float],
    number: Mapping[str, int],
    hidden: Mapping[int, int],
) -> dict[int, int]:
    """Return the person of every record, by the number of its first one, as all pairs and people's words together have it."""
    threshold, rows = scorer.model.threshold, table(Assertion)
    said = [
        (ordered(number[a], number[b]), kind)
        for a, b, kind in db.execute(select(rows.c.a, rows.c.b, rows.c.kind))
        if a in number and b in number
    ]
    strong = [ends for ends, bits in likely.items() if bits >= threshold]
    whole = _hanging([*strong, *(ends for ends, kind in said if kind != APART)])
    members, pairs = defaultdict[int, list[int]](list), defaultdict[int, dict[Pair, float]](dict)
    must, cannot = defaultdict[int, dict[Pair, str]](dict), defaultdict[int, list[Pair]](list)
    for mine, first in whole.items():
        members[first].append(mine)
    for ends in strong:
        pairs[whole[ends[0]]][ends] = likely[ends]
    for (a, b), kind in said:
        if kind != APART:
            must[whole[a]][a, b] = kind
        elif a in whole and whole[a] == whole.get(b):
            cannot[whole[a]].append((a, b))
    found = {mine: mine for mine in number.values()}
    for some in chunks(sorted(members)):
        near = _nodes(db, {mine for first in some for mine in members[first]}, hidden)
        for first in some:
            one = Whole(
                {mine: near[mine] for mine in members[first]}, pairs[first], must[first], cannot[first]
            )
            found |= {mine: at or mine for mine, at in components.split(one, scorer, threshold).items()}
    return found


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


def _differing(
    db: Connection, likely: Mapping[Pair, float]
) -> Iterator[tuple[Pair, tuple[float | None, float | None]]]:
    rows = table(Edge)
    stored = {(a, b): bits for a, b, bits in db.execute(select(rows.c.a, rows.c.b, rows.c.bits))}
    for ends in sorted(stored.keys() | likely.keys()):
        mine, other = stored.get(ends), likely.get(ends)
        # A pair right at the limit of what is kept may be kept by one sum and not by the other.
        if abs((mine or LEAST) - (other or LEAST)) > NEARLY:
            yield ends, (mine, other)
