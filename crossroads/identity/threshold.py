"""Where to merge without asking: as low as the belief in what is merged allows, whatever the size of the population.

A weight is a belief, so the precision to be expected of all pairs from a weight upwards is their mean belief. With ten times the
people each pair's weight falls by itself, because two records are one person's ten times more rarely.
"""

from collections.abc import Iterable, Sequence
from math import exp, inf, log, nextafter

USUAL = 2.0
"""Bits: four to one. A wrong merge is worth as much as four that were missed."""

LEAST = 0.0
"""Below this a pair is rather two people than one, however good the others are."""

SURE = 0.995
"""Where so large a share of all merged pairs may be believed, even what is less than four to one is merged."""

DOUBTFUL = 0.98
"""Where not even so large a share may be believed, four to one is not enough."""


def belief(bits: float) -> float:
    """Return how likely a pair of this weight is one person.

    >>> belief(0.0), round(belief(10.0), 4)
    (0.5, 0.999)
    """
    return 1.0 / (1.0 + exp(-bits * log(2))) if bits > -1000 else 0.0


def threshold(weights: Iterable[float]) -> float:
    """Return the lowest weight to merge from, of the weights of all pairs.

    >>> threshold([20.0] * 99 + [0.5]), threshold([9.0, 8.0, 1.0]), round(threshold([9.0, 8.0, 3.0, 3.0]), 6)
    (0.0, 1.0000000000000002, 3.0)
    """
    likely = sorted((bits for bits in weights if bits >= LEAST), reverse=True)
    return max(min(USUAL, _lowest(likely, SURE)), _lowest(likely, DOUBTFUL))


def _lowest(ordered: Sequence[float], precision: float) -> float:
    """Return the lowest weight from which on pairs are expected to be one person in so large a share."""
    accepted, sure = 0, 0.0
    for count, bits in enumerate(ordered, 1):
        sure += belief(bits)
        if sure >= precision * count:
            accepted = count
    return LEAST if accepted == len(ordered) else nextafter(ordered[accepted], inf)
