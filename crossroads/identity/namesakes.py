"""What namesakes and people of one initial have in common: the name, what people make of it, and nothing else.

They are no person's pairs and look like them. Their name is as one person's, their addresses as strangers', but for those that
are made of the name.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crossroads.identity.comparisons import Comparison
from crossroads.identity.levels import NOTHING
from crossroads.identity.odds import Array, Pairs

Chances = dict[str, Array]
"""The chances of each level, by comparison."""

NAME = ("given", "family")
MADE_OF_IT = ("email",)
"""What people make of their names, and what is therefore similar between namesakes, or the same."""

KEYED = ("equal", "same user")
"""Levels that a key is made of."""

OF_ONE_LETTER = ("alike", "a little alike", "initial", "same initial")
"""Levels of given names that are not the same and mostly begin alike."""

SMALL = 1e-3
NONE = 1e-15
"""The share of a kind of which there are no pairs: chances are divided by it."""


def begun(name: str, start: Chances, stranger: Chances) -> Array:
    """Return the chances of namesakes in one comparison to begin with."""
    if name in MADE_OF_IT:
        return _not_equal(start[name], stranger[name])
    return start[name] if name in NAME else stranger[name]


def of_one_letter(compared: Sequence[Comparison], stranger: Chances) -> Chances:
    """Return the chances of given names that begin alike and are not the same: as strangers' that do."""
    for one in compared:
        if one.name == "given":
            rest = np.where(_letters(one), stranger["given"], SMALL**2)
            return {"given": rest / rest.sum()}
    return {}


def telling(pairs: Pairs) -> NDArray[np.bool_]:
    """Tell of which pairs anything is known besides what namesakes share.

    Of no others can be learnt what namesakes share: a name and an address alone are one person's or two namesakes' alike.
    """
    besides = [place for place, one in enumerate(pairs.comparisons) if one.name not in (*NAME, *MADE_OF_IT)]
    found: NDArray[np.bool_] = (pairs.levels[:, besides] != NOTHING).any(axis=1)
    return found


def made(
    one: Comparison,
    levels: NDArray[np.int8],
    likely: Array,
    count: Array,
    telling: NDArray[np.bool_],
    there: float,
) -> Array:
    """Return the chances of what namesakes make of their names, of whom so many pairs are `there`.

    Pairs that share an address are all compared, of other namesakes only some: the chance of sharing one is counted against
    all that are there, and only the rest is as it is seen.
    """
    size = len(one.levels)
    heard = levels != NOTHING
    seen = np.bincount(levels[heard], weights=(likely * telling)[heard], minlength=size) + SMALL / size
    told = np.bincount(levels[heard], weights=(count * telling)[heard], minlength=size) + SMALL
    share = told / (np.bincount(levels[heard], weights=count[heard], minlength=size) + SMALL)
    keyed = np.array([level.name in KEYED for level in one.levels])
    found = np.where(keyed, np.minimum(seen / share / max(there, 1.0), 0.5 / size), 0.0)
    rest: Array = np.where(keyed, found, seen * (1 - found.sum()) / seen[~keyed].sum())
    return rest


def by_name(
    compared: Sequence[Comparison],
    persons: float,
    chances: Mapping[str, Chances],
    named: Mapping[str, float],
    every: float,
) -> dict[str, float]:
    """Return the shares of namesakes and of those of one initial: of the pairs so named, those that are no person's.

    They are counted, not learnt: frequent names are too many to be compared, and who is compared is rarer named than most.
    """
    found = {}
    for kind, count in named.items():
        share, mine = count / every, persons
        for one in compared:
            if one.name == "family":
                share /= chances["person"]["family"][0]
            elif one.name == "given" and kind == "namesake":
                share /= chances["person"]["given"][0]
            elif one.name == "given":
                mine *= float(chances["person"]["given"][_letters(one)].sum())
        found[kind] = max(share - mine, NONE)
    return found


def _letters(given: Comparison) -> NDArray[np.bool_]:
    return np.array([level.name in OF_ONE_LETTER for level in given.levels])


def _not_equal(chances: Array, stranger: Array) -> Array:
    """Return chances to begin with of which equal is as rare as among strangers, for an address has one owner.

    Begun from the belief that namesakes share theirs, whoever says no more than a name and an address would count as two.
    """
    rest: Array = chances * (1 - stranger[0]) / (1 - chances[0])
    rest[0] = stranger[0]
    return rest
