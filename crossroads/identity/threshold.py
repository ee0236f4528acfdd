"""Where to merge without asking: as low as the belief in what is merged allows, whatever the size of the population.

A weight is a belief, so the precision to be expected of all pairs from a weight upwards is their mean belief. With ten times the
people each pair's weight falls by itself, because two records are one person's ten times more rarely. What people said of
doubtful pairs tells whether such beliefs are too high or too low here.
"""

from collections.abc import Iterable, Sequence
from math import exp, inf, log, nextafter

USUAL = 2.0
"""Bits: four to one. A wrong merge is worth as much as four that were missed."""

CAREFUL = 4.0
"""Bits: sixteen to one, where a merge is told to every system and what is less likely is put to a steward."""

LEAST = 0.0
"""Below this a pair is rather two people than one, however good the others are."""

SURE = 0.995
"""Where so large a share of all merged pairs may be believed, even what is less than four to one is merged."""

DOUBTFUL = 0.98
"""Where not even so large a share may be believed, four to one is not enough."""


WRONG = 1.0
"""Bits by which beliefs are expected to be wrong before anybody was asked: what a few answers say is held against it."""

STEPS = 40
"""Halvings of the interval in which it is sought by how much weights are too low: bits beyond counting."""


def belief(bits: float) -> float:
    """Return how likely a pair of this weight is one person.

    >>> belief(0.0), round(belief(10.0), 4)
    (0.5, 0.999)
    """
    return 1.0 / (1.0 + exp(-bits * log(2))) if bits > -1000 else 0.0


def threshold(
    weights: Iterable[float], answers: Iterable[tuple[float, bool]] = (), *, least: float = LEAST
) -> float:
    """Return the lowest weight to merge from, of the weights of all pairs and what people answered of some: weight, one person.

    Pairs are merged from `least` bits of belief on, however sure all others are.
    Only those answers count that people were asked for, about pairs that nothing else would merge: that somebody takes a wrong
    merge apart says nothing of the many right ones nobody spoke of.

    >>> threshold([20.0] * 99 + [0.5]), threshold([9.0, 8.0, 1.0]), round(threshold([9.0, 8.0, 3.0, 3.0]), 6)
    (0.0, 1.0000000000000002, 3.0)
    >>> threshold([20.0] * 99 + [0.5], least=CAREFUL)
    4.0
    >>> pairs = [20.0] * 60 + [4.0, 3.0, 1.5, 1.0]
    >>> [round(threshold(pairs, answers), 1) for answers in ([], [(1.0, True)] * 20, [(1.0, False)] * 20)]
    [1.5, 0.0, 4.0]
    """
    likely = sorted((bits for bits in weights if bits >= LEAST), reverse=True)
    blind = max(_limit(likely), least)
    low = too_low([(bits, one) for bits, one in answers if LEAST <= bits < blind])
    return max(_limit([bits + low for bits in likely]) - low, least - low, LEAST) if low else blind


def too_low(answers: Sequence[tuple[float, bool]]) -> float:
    """Return by how many bits weights are too low, by what people said of pairs of these weights; 0 without answers.

    The likeliest value of all, where it is as likely as a normal distribution of WRONG bits around zero has it.

    >>> round(too_low([(1.0, True)] * 20), 1), round(too_low([(1.0, False)] * 20), 1), too_low([])
    (1.8, -2.9, 0.0)
    """
    if not answers:
        return 0.0
    low, high = -1000.0, 1000.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        more = sum(one - belief(bits + middle) for bits, one in answers) * log(2) - middle / WRONG**2
        low, high = (middle, high) if more > 0 else (low, middle)
    return (low + high) / 2


def _limit(ordered: Sequence[float]) -> float:
    return max(min(USUAL, _lowest(ordered, SURE)), _lowest(ordered, DOUBTFUL))


def _lowest(ordered: Sequence[float], precision: float) -> float:
    """Return the lowest weight from which on pairs are expected to be one person in so large a share."""
    accepted, sure = 0, 0.0
    for count, bits in enumerate(ordered, 1):
        sure += belief(bits)
        if sure >= precision * count:
            accepted = count
    return LEAST if accepted == len(ordered) else nextafter(ordered[accepted], inf)
