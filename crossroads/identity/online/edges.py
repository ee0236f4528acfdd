"""The pairs of records in the store that are rather one person's than not."""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import combinations

from sqlalchemy import Connection

from crossroads.identity.blocking import says_enough
from crossroads.identity.online.blocks import Keys
from crossroads.identity.online.nodes import Node
from crossroads.identity.person import Said
from crossroads.identity.threshold import LEAST
from crossroads.store.session import Bulk, Delete, Lookup
from crossroads.store.tables import Edge

_edge = Bulk(Edge, ("a", "b", "bits"))
_by_end = Lookup(Edge, ("a", "b", "bits"), "a", "b")
_gone = Delete(Edge, ("a", "b"))

Pair = tuple[int, int]
Weigh = Callable[[Said, Said], float]


def ordered(a: int, b: int) -> Pair:
    """Return two records as a pair: the lower number first."""
    return (a, b) if a < b else (b, a)


def of(db: Connection, numbers: Collection[int], least: float = LEAST) -> dict[Pair, float]:
    """Return the pairs that records belong to, from so many bits on."""
    return {(a, b): bits for a, b, bits in _by_end(db, numbers) if bits >= least}


def candidates(changed: Keys, carriers: Mapping[int, Collection[int]], loose: int) -> set[Pair]:
    """Return the pairs to be weighed: each changed record with whoever carries a key of it, or two where one does not suffice."""
    found: set[Pair] = set()
    for node, keys in changed.items():
        once, enough = set[int](), set[int]()
        for key in keys:
            others = carriers.get(key, ())
            if says_enough(key, len(others), loose):
                enough.update(others)
            else:
                enough |= once.intersection(others)
                once.update(others)
        found |= {(node, other) if node < other else (other, node) for other in enough if other != node}
    return found


def among(groups: Iterable[Collection[int]]) -> set[Pair]:
    """Return the pairs within each group."""
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def weighed(pairs: Iterable[Pair], nodes: Mapping[int, Node], weigh: Weigh) -> dict[Pair, float]:
    """Return the pairs that are rather one person's, with their bits."""
    said = {number: node.weighed for number, node in nodes.items()}
    return {(a, b): bits for a, b in pairs if (bits := weigh(said[a], said[b])) >= LEAST}


def store(db: Connection, pairs: Mapping[Pair, float]) -> None:
    """Keep pairs."""
    _edge(db, [(*pair, bits) for pair, bits in sorted(pairs.items())])


def drop(db: Connection, pairs: Iterable[Pair]) -> None:
    """Withdraw pairs."""
    _gone(db, sorted(pairs))
