"""Father and son of one name and telephone: a pair that is alike in everything as one person's, born a generation apart.

It is no person's with a wrong birth date where such pairs are many. A date that is wrong altogether is as any stranger's, so how
many are a generation apart follows from how many are wholly other; what is more than that, beyond chance, are heirs. Whoever
says no birth date is none: nothing tells him from his father then.
"""

from collections.abc import Collection
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from crossroads.identity.levels import A_GENERATION, BIRTH
from crossroads.identity.namesakes import Chances
from crossroads.identity.odds import Array

BEYOND_CHANCE = 4.0
"""Standard deviations by which pairs a generation apart must outnumber what wrong dates make of them."""


def possible(names: Collection[str]) -> bool:
    """Tell whether the fields that are compared could show heirs."""
    return {"given", "family", BIRTH} <= {*names}


def chances(person: Chances) -> Chances:
    """Return the chances of heirs: all as one person's, but for a birth date of another generation.

    A chance of zero is one: nobody born in one year is an heir.
    """
    found = dict(person)
    if BIRTH in found:
        found[BIRTH] = np.zeros(len(found[BIRTH]))
        found[BIRTH][A_GENERATION] = 1.0
    return found


def wrong(person: Array, stranger: Array) -> Array:
    """Return the chances of one person's birth dates, of which those that are wholly wrong are far apart as strangers' are."""
    tail = stranger[A_GENERATION:] / stranger[A_GENERATION:].sum()
    return np.concatenate([person[:A_GENERATION], person[A_GENERATION:].sum() * tail])


def excess(levels: NDArray[np.int8], likely: Array, stranger: Array) -> float:
    """Return how many pairs are a generation apart beyond what wrong dates explain, 0 if by chance.

    `likely` is how likely each pair is one person's by all it says, times how many such pairs there are.
    """
    near, far = (float(likely[levels == level].sum()) for level in (A_GENERATION, A_GENERATION + 1))
    ratio = float(stranger[A_GENERATION] / stranger[A_GENERATION + 1])
    more = near - ratio * far
    return more if more > BEYOND_CHANCE * sqrt(near + ratio**2 * far) else 0.0
