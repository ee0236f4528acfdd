"""Split records into persons: a pure function of the records, their keys and what people asserted.

The order in which records arrive plays no part. A key links two records when neither it nor the persons
behind it contradict:

- a key that more than `CAP` records carry links nobody;
- a key whose carriers' names contradict (a shared mailbox) links only carriers with the same full name;
- pairs are merged strongest kind first, and never when any two records of the two groups contradict.

An assertion outranks all of it: `must` edges are merged before everything, `cannot` pairs are kept apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from crossroads.identity.keys import CAP, strength
from crossroads.identity.names import Name, contradict, same


class Bearer(NamedTuple):
    """A record as the partition sees it: its keys and its name."""

    keys: Sequence[str]
    name: Name

    def __repr__(self) -> str:
        return f"Bearer({len(self.keys)} keys)"


class Edge(NamedTuple):
    """Why two records are one person."""

    a: str
    b: str
    why: str

    def __repr__(self) -> str:
        return f"Edge({self.a}, {self.b}, {self.why.partition(':')[0]})"


def edges(bearers: Mapping[str, Bearer]) -> list[Edge]:
    """Return every pair that a key links, strongest key first, ties by key and record id."""
    carriers: dict[str, list[str]] = defaultdict(list)
    for record, bearer in bearers.items():
        for key in bearer.keys:
            carriers[key].append(record)
    found = []
    for key, records in carriers.items():
        if 1 < len(records) <= CAP:
            found += [Edge(a, b, key) for a, b in _linked(sorted(records), bearers)]
    return sorted(found, key=lambda edge: (strength(edge.why), edge.why, edge.a, edge.b))


def _linked(records: Sequence[str], bearers: Mapping[str, Bearer]) -> Iterable[tuple[str, str]]:
    pairs = list(combinations(records, 2))
    if any(contradict(bearers[a].name, bearers[b].name) for a, b in pairs):
        return [(a, b) for a, b in pairs if same(bearers[a].name, bearers[b].name)]
    return pairs


def partition(
    bearers: Mapping[str, Bearer],
    must: Iterable[Edge] = (),
    cannot: Iterable[tuple[str, str]] = (),
) -> list[tuple[frozenset[str], list[Edge]]]:
    """Return the persons, each with its records and the edges that hold them together."""
    group: dict[str, set[str]] = {record: {record} for record in bearers}
    why: dict[int, list[Edge]] = defaultdict(list)
    apart = {frozenset(pair) for pair in cannot}

    def merge(edge: Edge) -> None:
        into, other = group[edge.a], group[edge.b]
        if len(into) < len(other):
            into, other = other, into
        into |= other
        why[id(into)] += [*why.pop(id(other), []), edge]
        for record in other:
            group[record] = into

    for edge in sorted(must):
        if edge.a in group and edge.b in group and group[edge.a] is not group[edge.b]:
            merge(edge)
    for edge in edges(bearers):
        left, right = group[edge.a], group[edge.b]
        if left is not right and not any(
            frozenset((a, b)) in apart or contradict(bearers[a].name, bearers[b].name)
            for a in left
            for b in right
        ):
            merge(edge)
    persons = {id(records): records for records in group.values()}
    return sorted(
        ((frozenset(records), sorted(why.get(identity, []))) for identity, records in persons.items()),
        key=lambda person: min(person[0]),
    )
