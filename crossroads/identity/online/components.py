"""Which records hang together in the store, over likely pairs and what people assert, and how they split into persons."""

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import NamedTuple

from sqlalchemy import Connection

from crossroads.identity.clusters import clusters
from crossroads.identity.online import edges, nodes
from crossroads.identity.online.edges import Pair, ordered
from crossroads.identity.online.nodes import Node
from crossroads.identity.score import Scorer
from crossroads.store.session import Lookup
from crossroads.store.tables import Assertion

APART = "cannot"
_by_end = Lookup(Assertion, ("a", "b", "kind"), "a", "b")


class Whole(NamedTuple):
    """Everything that hangs together with some records: all records of it, their pairs, and what is asserted of them."""

    nodes: Mapping[int, Node]
    pairs: Mapping[Pair, float]
    must: Mapping[Pair, str]
    cannot: Sequence[Pair]

    def __repr__(self) -> str:
        return f"Whole({len(self.nodes)} records)"


class Group(NamedTuple):
    """The records of one person, and why: pairs, with `must`, `created` or the bits that speak for them."""

    addresses: Sequence[str]
    why: Sequence[tuple[str, str, str]]

    def __repr__(self) -> str:
        return f"Group({len(self.addresses)} records)"


def whole(db: Connection, seeds: Collection[int], least: float, near: Mapping[int, Node]) -> Whole:
    """Return what hangs together with records, over pairs from so many bits on; `near` are records that were read already."""
    seen: dict[int, Node] = {}
    pairs: dict[Pair, float] = {}
    said: dict[tuple[str, str], str] = {}
    frontier = set(seeds)
    while frontier:
        fresh = {number: near[number] for number in frontier & near.keys()}
        fresh |= nodes.by_number(db, frontier - near.keys())
        seen |= fresh
        found = edges.of(db, fresh, least)
        pairs |= found
        asserted = _asserted(db, [node.address for node in fresh.values()])
        said |= asserted
        named = {name for pair, kind in asserted.items() if kind != APART for name in pair}
        others = nodes.by_address(db, named - {node.address for node in seen.values()}) if named else {}
        frontier = {end for pair in found for end in pair} | {node.number for node in others.values()}
        frontier -= seen.keys()
    by_address = {node.address: number for number, node in seen.items()}
    both = [
        (by_address[a], by_address[b], kind)
        for (a, b), kind in sorted(said.items())
        if {a, b} <= by_address.keys()
    ]
    must = {ordered(a, b): kind for a, b, kind in both if kind != APART}
    return Whole(seen, pairs, must, [ordered(a, b) for a, b, kind in both if kind == APART])


def split(found: Whole, scorer: Scorer, threshold: float) -> dict[int, int]:
    """Return the first record of each record's person, by their numbers; 0 of who is alone. First is by address."""
    order = sorted(found.nodes.values(), key=lambda node: node.address)
    place = {node.number: at for at, node in enumerate(order)}
    said = [node.weighed for node in order]
    known = {ordered(place[a], place[b]): bits for (a, b), bits in found.pairs.items()}
    firsts = clusters(
        len(order),
        known,
        lambda a, b: scorer.best(said[a], said[b]),
        lambda a, b: scorer.contradict(said[a], said[b]),
        lambda a, b: scorer.generations(said[a], said[b]),
        threshold,
        must=[ordered(place[a], place[b]) for a, b in found.must],
        cannot=[ordered(place[a], place[b]) for a, b in found.cannot],
    )
    sizes: dict[int, int] = {}
    for first in firsts:
        sizes[first] = sizes.get(first, 0) + 1
    return {
        node.number: order[first].number if sizes[first] > 1 else 0
        for node, first in zip(order, firsts, strict=True)
    }


def groups(found: Whole, firsts: Mapping[int, int]) -> Sequence[Group]:
    """Return the persons, each with its records and why they are one's: what was asserted, and each record's best pair."""
    members: dict[int, list[int]] = {}
    for number, first in firsts.items():
        members.setdefault(first or number, []).append(number)
    best: dict[int, tuple[float, Pair]] = {}
    for pair, bits in found.pairs.items():
        if firsts[pair[0]] == firsts[pair[1]] != 0:
            for end in pair:
                best[end] = max(best.get(end, (-inf, pair)), (bits, pair))
    why: dict[int, set[tuple[int, int, str]]] = {}
    for bits, (a, b) in best.values():
        why.setdefault(firsts[a], set()).add((a, b, f"{bits:.1f}"))
    for (a, b), kind in found.must.items():
        if firsts[a]:
            why.setdefault(firsts[a], set()).add((a, b, kind))
    name = {number: node.address for number, node in found.nodes.items()}
    return [
        Group(
            [name[number] for number in numbers],
            [(name[a], name[b], reason) for a, b, reason in sorted(why.get(first, ()))],
        )
        for first, numbers in members.items()
    ]


def _asserted(db: Connection, addresses: Sequence[str]) -> dict[tuple[str, str], str]:
    return {(a, b): kind for a, b, kind in _by_end(db, addresses)}
