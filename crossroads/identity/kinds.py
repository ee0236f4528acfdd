"""Learn, without anybody's help, what pairs of one person, one household and namesakes look like, from the pairs themselves.

Expectation and maximisation over the compared pairs: how likely is each pair of each kind, given the chances; what are the
chances, given how likely each pair is of each kind. Pairs that were not compared are strangers. What would make two kinds
melt into one is fixed: people of one household have names and birthdays like strangers, namesakes and people of one initial
everything but the name.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crossroads.identity.comparisons import Comparison
from crossroads.identity.levels import NOTHING
from crossroads.identity.model import KINDS
from crossroads.identity.odds import Array, Pairs, bits, rarities

Chances = dict[str, Array]

LIKE_STRANGERS = {"household": ("given", "birth_date", "tax_id")}
NAME = ("given", "family")
MADE_OF_IT = ("email",)
"""What people make of their names, and what is therefore similar between namesakes, or the same."""

KEYED = ("equal", "same user")
"""Levels that a key is made of."""

OF_ONE_LETTER = ("alike", "a little alike", "initial", "same initial")
"""Levels of given names that are not the same and mostly begin alike."""

RARE: Mapping[str, tuple[str, ...]] = {"household": ("family", "family2", "postcode", "city")}
TWINS = 0.02
SMALL = 1e-3
ROUNDS = 300
SETTLED = 1e-5
"""So little may a share still move, of the share of persons, for the learning to end."""


class Learnt(NamedTuple):
    """The chances of each kind, by comparison, and each kind's share of all pairs."""

    chances: Mapping[str, Chances]
    shares: Mapping[str, float]


def learn(
    pairs: Pairs,
    rareness: Array,
    stranger: Chances,
    every: float,
    named: Mapping[str, float],
    said: Mapping[str, float],
) -> Learnt:
    """Return what pairs teach, begun from the belief that equal values speak for one person.

    They are drawn of `every` pairs, of which so many are `named` as namesakes are, and as those of one initial are; `said` is the
    share of records that say a field.
    """
    names = [one.name for one in pairs.comparisons]
    start = {name: _falling(len(stranger[name])) for name in names}
    chances: dict[str, Chances] = {"person": dict(start), "stranger": stranger}
    chances["household"] = {n: start[n] if (mixed := _twins(n, stranger)) is None else mixed for n in names}
    chances["namesake"] = {n: _named(n, start, stranger) for n in names}
    chances["initial"] = chances["namesake"] | _of_one_letter(pairs.comparisons, stranger)
    alike, rare, count = _patterns(pairs, rarities(pairs, rareness, RARE))
    shares = {"person": 0.3 * len(pairs.levels) / every, "household": 0.06 * len(pairs.levels) / every}
    shares |= dict.fromkeys(named, shares["household"])
    telling = _telling(alike)
    for _ in range(ROUNDS):
        before = dict(shares)
        likely = _likely(bits(alike, chances, _prior(shares), rare)) * count
        for row, kind in enumerate(KINDS[:2]):
            shares[kind] = max(float(likely[row].sum() / every), 1e-15)
        for column, name in enumerate(names):
            levels = alike.levels[:, column]
            chances["person"][name] = _counted(levels, likely[0], start[name])
            if name not in LIKE_STRANGERS["household"]:
                chances["household"][name] = _counted(levels, likely[1], start[name])
            for row, kind in enumerate(KINDS[2:4], 2):
                if name == "family" or (name, kind) == ("given", "namesake"):
                    chances[kind][name] = chances["person"][name]
                elif name in MADE_OF_IT:
                    there = shares[kind] * every * said.get(name, 1.0) ** 2
                    one = alike.comparisons[column]
                    chances[kind][name] = _made(one, levels, likely[row], count, telling, there)
        shares |= _by_name(alike.comparisons, shares["person"], chances, named, every)
        if all(abs(shares[kind] - before[kind]) <= SETTLED * shares["person"] for kind in shares):
            break
    return Learnt(chances, shares)


def _patterns(pairs: Pairs, rare: Array) -> tuple[Pairs, Array, Array]:
    """Return the different pairs, what rareness adds to each, and how many there are of each; to a quarter of a bit."""
    steps = np.rint(rare * 4.0)
    seen = np.hstack([pairs.levels.astype(np.int16), steps.astype(np.int16).T])
    rows, counts = np.unique(seen, axis=0, return_counts=True)
    places = pairs.levels.shape[1]
    return (
        Pairs(pairs.comparisons, rows[:, :places].astype(np.int8)),
        rows[:, places:].T / 4.0,
        counts.astype(float),
    )


def _prior(shares: Mapping[str, float]) -> Sequence[float]:
    strangers = 1.0 - sum(shares.values())
    return [float(np.log2(shares[kind] / strangers)) for kind in KINDS[:-1]]


def _likely(rivals: Array) -> Array:
    """Return how likely each pair is of each kind but strangers."""
    most = np.maximum(rivals.max(0), 0.0)
    likely = 2.0 ** (rivals - most)
    shares: Array = likely / (likely.sum(0) + 2.0**-most)
    return shares


def _made(
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


def _counted(levels: NDArray[np.int8], likely: Array, start: Array) -> Array:
    said = levels != NOTHING
    counts: Array = np.bincount(levels[said], weights=likely[said], minlength=len(start)) + start
    shares: Array = counts / counts.sum()
    return shares


def _falling(size: int) -> Array:
    chances = np.array([0.8] + [0.2 * 0.5**place for place in range(1, size)])
    shares: Array = chances / chances.sum()
    return shares


def _twins(name: str, stranger: Chances) -> Array | None:
    if name not in LIKE_STRANGERS["household"]:
        return None
    mixed = stranger[name] * (1 - TWINS)
    mixed[0] += TWINS
    return mixed


def _by_name(
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
        found[kind] = max(share - mine, 1e-15)
    return found


def _letters(given: Comparison) -> NDArray[np.bool_]:
    return np.array([level.name in OF_ONE_LETTER for level in given.levels])


def _of_one_letter(compared: Sequence[Comparison], stranger: Chances) -> Chances:
    """Return the chances of given names that begin alike and are not the same: as strangers' that do."""
    for one in compared:
        if one.name == "given":
            rest = np.where(_letters(one), stranger["given"], SMALL**2)
            return {"given": rest / rest.sum()}
    return {}


def _named(name: str, start: Chances, stranger: Chances) -> Array:
    if name in MADE_OF_IT:
        return _not_equal(start[name], stranger[name])
    return start[name] if name in NAME else stranger[name]


def _telling(pairs: Pairs) -> NDArray[np.bool_]:
    """Tell of which pairs anything is known besides what namesakes share.

    Of no others can be learnt what namesakes share: a name and an address alone are one person's or two namesakes' alike.
    """
    besides = [place for place, one in enumerate(pairs.comparisons) if one.name not in (*NAME, *MADE_OF_IT)]
    found: NDArray[np.bool_] = (pairs.levels[:, besides] != NOTHING).any(axis=1)
    return found


def _not_equal(chances: Array, stranger: Array) -> Array:
    """Return chances to begin with of which equal is as rare as among strangers, for an address has one owner.

    Begun from the belief that namesakes share theirs, whoever says no more than a name and an address would count as two.
    """
    rest: Array = chances * (1 - stranger[0]) / (1 - chances[0])
    rest[0] = stranger[0]
    return rest
