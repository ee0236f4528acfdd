"""Split records into what is one: a pure function of the records, their keys and what people asserted.

The order in which records arrive plays no part. Records that share a key are one, strongest kind first; a key that more than
`CAP` records carry links nobody. An assertion outranks all of it: `must` edges are merged before everything, `cannot` pairs
are kept apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from crossroads.identity.keys import CAP, strength


class Edge(NamedTuple):
    """Why two records are one."""

    a: str
    b: str
    why: str

    def __repr__(self) -> str:
        return f"Edge({self.a}, {self.b}, {self.why.partition(':')[0]})"


def edges(keys: Mapping[str, Sequence[str]]) -> list[Edge]:
    """Return every pair that a key links, strongest key first, ties by key and record."""
    carriers: dict[str, list[str]] = defaultdict(list)
    for record, mine in keys.items():
        for key in mine:
            carriers[key].append(record)
    found = [
        Edge(a, b, key)
        for key, records in carriers.items()
        if len(records) <= CAP
        for a, b in combinations(sorted(records), 2)
    ]
    return sorted(found, key=lambda edge: (strength(edge.why), edge.why, edge.a, edge.b))


def partition(
    keys: Mapping[str, Sequence[str]],
    must: Iterable[Edge] = (),
    cannot: Iterable[tuple[str, str]] = (),
) -> list[tuple[frozenset[str], list[Edge]]]:
    """Return what is one, each with its records and the edges that hold them together."""
    group: dict[str, set[str]] = {record: {record} for record in keys}
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
    for edge in edges(keys):
        left, right = group[edge.a], group[edge.b]
        if left is not right and not any(frozenset((a, b)) in apart for a in left for b in right):
            merge(edge)
    found = {id(records): records for records in group.values()}
    return sorted(
        ((frozenset(records), sorted(why.get(identity, []))) for identity, records in found.items()),
        key=lambda one: min(one[0]),
    )
