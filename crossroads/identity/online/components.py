"""Which records hang together in the store, over likely pairs and what people assert, and how they split into persons."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from crossroads.identity.clusters import clusters
from crossroads.identity.online import edges, nodes
from crossroads.identity.online.edges import Pair, Weigh
from crossroads.identity.online.nodes import Node
from crossroads.store.session import Lookup
from crossroads.store.tables import Assertion

APART = "cannot"
_by_end = Lookup(Assertion, ("a", "b", "kind"), "a", "b")


class Whole(NamedTuple):
    """Everything that hangs together with some records: all records of it, their pairs, and what is asserted of them."""

    nodes: Mapping[int, Node]
    pairs: Mapping[Pair, float]
    must: Sequence[Pair]
    cannot: Sequence[Pair]

    def __repr__(self) -> str:
        return f"Whole({len(self.nodes)} records)"


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
    must = [_pair(a, b) for a, b, kind in both if kind != APART]
    return Whole(seen, pairs, must, [_pair(a, b) for a, b, kind in both if kind == APART])


def split(found: Whole, weigh: Weigh, threshold: float) -> dict[int, int]:
    """Return the first record of each record's person, by their numbers; 0 of who is alone. First is by address."""
    order = sorted(found.nodes.values(), key=lambda node: node.address)
    place = {node.number: at for at, node in enumerate(order)}
    persons = [node.person for node in order]
    known = {_pair(place[a], place[b]): bits for (a, b), bits in found.pairs.items()}
    firsts = clusters(
        len(order),
        known,
        lambda a, b: weigh(persons[a], persons[b]),
        threshold,
        must=[_pair(place[a], place[b]) for a, b in found.must],
        cannot=[_pair(place[a], place[b]) for a, b in found.cannot],
    )
    sizes: dict[int, int] = {}
    for first in firsts:
        sizes[first] = sizes.get(first, 0) + 1
    return {
        node.number: order[first].number if sizes[first] > 1 else 0
        for node, first in zip(order, firsts, strict=True)
    }


def _asserted(db: Connection, addresses: Sequence[str]) -> dict[tuple[str, str], str]:
    return {(a, b): kind for a, b, kind in _by_end(db, addresses)}


def _pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)
