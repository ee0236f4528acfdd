"""The weights of many compared pairs at once: the same sums as `score.py` makes of one pair."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crossroads.identity.comparisons import Comparison
from crossroads.identity.levels import BIRTH
from crossroads.identity.model import HEIR, RIVALS

Array = NDArray[np.float64]


class Pairs(NamedTuple):
    """Compared pairs: the level that each of the comparisons reached, a row a pair."""

    comparisons: Sequence[Comparison]
    levels: NDArray[np.int8]

    def __repr__(self) -> str:
        return f"Pairs({len(self.levels)})"


def bits(
    pairs: Pairs, chances: Mapping[str, Mapping[str, Array]], prior: Sequence[float], rare: Array
) -> Array:
    """Return how many bits speak for each kind of pairs that has a prior, against strangers: a row a kind."""
    rows = []
    for kind, before, more in zip(RIVALS, prior, rare, strict=False):
        row = before + more
        for column, one in enumerate(pairs.comparisons):
            ratio = np.asarray(chances[kind][one.name]) / np.asarray(chances["stranger"][one.name])
            # The last place answers for NOTHING: what is not said tells nothing, but of no birth date nobody is an heir.
            with np.errstate(divide="ignore"):
                told = np.log2(np.append(ratio, 0.0 if (kind, one.name) == (HEIR, BIRTH) else 1.0))
            row = row + told[pairs.levels[:, column]]
        rows.append(row)
    return np.stack(rows)


def weights(rivals: Array) -> Array:
    """Return the weights: the odds of one person against all else, in bits."""
    found: Array = rivals[0] - np.log2(1.0 + (2.0 ** rivals[1:]).sum(0))
    return found


def rarities(pairs: Pairs, rareness: Array, rare: Mapping[str, Sequence[str]]) -> Array:
    """Return how many bits the rareness of values, said by comparison, adds to each kind: a row a kind."""
    counted = np.zeros((len(RIVALS), len(pairs.levels)))
    for column, one in enumerate(pairs.comparisons):
        for level, said in enumerate(one.levels):
            if said.frequency:
                added = np.where(pairs.levels[:, column] == level, rareness[:, column], 0.0)
                for row, kind in enumerate(RIVALS):
                    if kind in ("person", HEIR) or said.frequency in rare.get(kind, ()):
                        counted[row] += added
    return counted
