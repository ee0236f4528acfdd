"""Split weighed pairs into persons: a pure function of records, pairs and weights, whatever order they came in.

Pairs are taken strongest first. Two groups become one if all their cross pairs together speak for it: the pairs that were
never compared are weighed now, and what speaks against counts as much as what speaks for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

FLOOR = -4.0
"""Bits that two groups' cross pairs may lack on average for the groups to become one: who says little is no stranger yet."""


def clusters(
    count: int,
    weighed: Mapping[tuple[int, int], float],
    weigh: Callable[[int, int], float],
    threshold: float,
    *,
    cannot: Iterable[tuple[int, int]] = (),
) -> Sequence[int]:
    """Return for each record the lowest place of its person's records.

    `weighed` has the weights of compared pairs, the lower place first; `weigh` gives any other pair's.
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
        return len(cross) == 1 or sum(weight(a, b) for a, b in cross) >= FLOOR * len(cross)

    strong = [(-bits, pair) for pair, bits in weighed.items() if bits >= threshold]
    for _, (a, b) in sorted(strong):
        here, there = home.setdefault(a, a), home.setdefault(b, b)
        if here == there:
            continue
        left, right = group.setdefault(here, [a]), group.setdefault(there, [b])
        if one(left, right):
            if len(left) < len(right):
                here, there, left, right = there, here, right, left
            left.extend(group.pop(there))
            for place in right:
                home[place] = here
    lowest = {name: min(places) for name, places in group.items()}
    return [lowest[home[place]] if place in home else place for place in range(count)]
