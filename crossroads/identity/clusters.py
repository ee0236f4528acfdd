"""Split weighed pairs into persons: a pure function of records, pairs and weights, whatever order they came in.

Pairs are taken strongest first. Two groups become one if all their cross pairs together speak for it: the pairs that were
never compared are weighed now, and what speaks against counts as much as what speaks for. Who could as well be somebody else's
is nobody's: the guest order that gives the mailbox of a couple.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf

from crossroads.identity.threshold import USUAL

FLOOR = -4.0
"""Bits that two groups' cross pairs may lack on average for the groups to become one: who says little is no stranger yet."""


MARGIN = USUAL
"""Bits by which a pair must outdo another that excludes it: two candidates as good are no four to one for either."""


def clusters(
    count: int,
    weighed: Mapping[tuple[int, int], float],
    weigh: Callable[[int, int], float],
    contradict: Callable[[int, int], bool],
    generations: Callable[[int, int], bool],
    threshold: float,
    *,
    must: Iterable[tuple[int, int]] = (),
    cannot: Iterable[tuple[int, int]] = (),
) -> Sequence[int]:
    """Return for each record the lowest place of its person's records.

    `weighed` has the weights of compared pairs, the lower place first; `weigh` gives any other pair's. `contradict` tells whether
    a pair cannot be one person's, `generations` whether two of one name are of two generations. Pairs that `must` be one are,
    whatever speaks against it.
    """
    known = dict(weighed)
    apart = {tuple(sorted(pair)) for pair in cannot}
    group: dict[int, list[int]] = {}
    home: dict[int, int] = {}

    def weight(a: int, b: int) -> float:
        pair = (a, b) if a < b else (b, a)
        if pair not in known:
            known[pair] = weigh(*pair)
        return known[pair]

    def one(left: Sequence[int], right: Sequence[int]) -> bool:
        cross = [(a, b) for a in left for b in right]
        if apart and any(tuple(sorted(pair)) in apart for pair in cross):
            return False
        if len(cross) == 1 and known.get(cross[0], -inf) >= threshold:
            return True
        # Records that people declared one count as one: what speaks against one of them was outranked.
        best: dict[tuple[int, int], tuple[float, int, int]] = {}
        for a, b in cross:
            pair = bound.get(a, a), bound.get(b, b)
            best[pair] = max((weight(a, b), a, b), best.get(pair, (-inf, a, b)))
        if sum(bits for bits, _, _ in best.values()) < FLOOR * len(best):
            return False
        # A record without a birth date is as much the father's as the son's, and makes them one no more than a stranger's.
        return not any(bits < threshold and generations(a, b) for bits, a, b in best.values())

    def torn(bits: float, left: Sequence[int], right: Sequence[int]) -> bool:
        """Tell whether a single record could as well be one with others than those it is about to be one with."""
        for mine, other in ((left, right), (right, left)):
            if len(mine) > 1:
                continue
            for third, rival in near.get(mine[0], ()):
                at = home.get(third, third)
                if rival < bits - MARGIN or at == home[other[0]]:
                    continue
                theirs = group.get(at, [third])
                excluded = any(contradict(a, b) for a in other for b in theirs) and not one(other, theirs)
                if excluded and one(mine, theirs):
                    return True
        return False

    near: dict[int, list[tuple[int, float]]] = {}
    for (a, b), bits in weighed.items():
        if bits >= threshold:
            near.setdefault(a, []).append((b, bits))
            near.setdefault(b, []).append((a, bits))
    bound: dict[int, int] = {}
    strong = [(-inf, pair) for pair in must]
    strong += [(-bits, pair) for pair, bits in weighed.items() if bits >= threshold]
    for strength, (a, b) in sorted(strong):
        here, there = home.setdefault(a, a), home.setdefault(b, b)
        if here == there:
            continue
        left, right = group.setdefault(here, [a]), group.setdefault(there, [b])
        if strength == -inf or (one(left, right) and not torn(-strength, left, right)):
            if len(left) < len(right):
                here, there, left, right = there, here, right, left
            left.extend(group.pop(there))
            for place in right:
                home[place] = here
            if strength == -inf:
                bound |= dict.fromkeys(left, here)
    lowest = {name: min(places) for name, places in group.items()}
    return [lowest[home[place]] if place in home else place for place in range(count)]
