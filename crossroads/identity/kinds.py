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

from crossroads.identity import heirs, namesakes
from crossroads.identity.levels import BIRTH, NOTHING
from crossroads.identity.model import HEIR, KINDS, RIVALS
from crossroads.identity.namesakes import MADE_OF_IT, NONE, Chances
from crossroads.identity.odds import Array, Pairs, bits, rarities

LIKE_STRANGERS = {"household": ("given", "birth_date", "tax_id")}
OWN = ("email", "phone", "tax_id")
"""What has one owner: whoever shares it was compared."""

RAREST = 1 / 600_000
"""Strangers share what has one owner at least so often: less than a sample of them would show."""

RARE: Mapping[str, tuple[str, ...]] = {"household": ("family", "family2", "postcode", "city")}
TWINS = 0.02
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
    chances: dict[str, Chances] = {"person": dict(start), "stranger": dict(stranger)}
    chances["household"] = {n: start[n] if (mixed := _twins(n, stranger)) is None else mixed for n in names}
    chances["namesake"] = {n: namesakes.begun(n, start, stranger) for n in names}
    chances["initial"] = chances["namesake"] | namesakes.of_one_letter(pairs.comparisons, stranger)
    alike, rare, count = _patterns(pairs, rarities(pairs, rareness, RARE))
    shares = {"person": 0.3 * len(pairs.levels) / every, "household": 0.06 * len(pairs.levels) / every}
    shares |= dict.fromkeys(named, shares["household"])
    # Where nothing tells the people of one household apart they are taken for one person.
    learnt = KINDS[:2] if not {*names}.isdisjoint(LIKE_STRANGERS["household"]) else KINDS[:1]
    if "household" not in learnt:
        shares["household"] = NONE
    telling = namesakes.telling(alike)
    born = alike.levels[:, names.index(BIRTH)] if heirs.possible(names) else None
    for _ in range(ROUNDS):
        before = dict(shares)
        if HEIR in shares:
            chances[HEIR] = heirs.chances(chances["person"])
        likely = _likely(bits(alike, chances, _prior(shares), rare)) * count
        for row, kind in enumerate(learnt):
            shares[kind] = max(float(likely[row].sum() / every), NONE)
        for column, name in enumerate(names):
            levels = alike.levels[:, column]
            chances["person"][name] = _counted(levels, likely[0], start[name])
            if name == BIRTH:
                chances["person"][name] = heirs.wrong(chances["person"][name], stranger[name])
            if name not in LIKE_STRANGERS["household"]:
                chances["household"][name] = _counted(levels, likely[1], start[name])
            for row, kind in enumerate(KINDS[2:4], 2):
                if name == "family" or (name, kind) == ("given", "namesake"):
                    chances[kind][name] = chances["person"][name]
                elif name in MADE_OF_IT:
                    there = shares[kind] * every * said.get(name, 1.0) ** 2
                    one = alike.comparisons[column]
                    chances[kind][name] = namesakes.made(one, levels, likely[row], count, telling, there)
        for column, name in enumerate(names):
            if name in OWN:
                equal = float((count - likely.sum(0))[alike.levels[:, column] == 0].sum())
                there = (1.0 - sum(shares.values())) * every * said.get(name, 1.0) ** 2
                chances["stranger"][name] = _owned(stranger[name], equal / there)
                if name not in MADE_OF_IT:
                    chances["namesake"][name] = chances["initial"][name] = chances["stranger"][name]
        shares |= namesakes.by_name(alike.comparisons, shares["person"], chances, named, every)
        if all(abs(shares[kind] - before[kind]) <= SETTLED * shares["person"] for kind in shares):
            more = heirs.excess(born, likely[0], stranger[BIRTH]) if born is not None else 0.0
            if HEIR in shares or not more:
                break
            shares[HEIR] = more / every
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
    return [float(np.log2(shares[kind] / strangers)) for kind in RIVALS if kind in shares]


def _likely(rivals: Array) -> Array:
    """Return how likely each pair is of each kind but strangers."""
    most = np.maximum(rivals.max(0), 0.0)
    likely = 2.0 ** (rivals - most)
    shares: Array = likely / (likely.sum(0) + 2.0**-most)
    return shares


def _counted(levels: NDArray[np.int8], likely: Array, start: Array) -> Array:
    said = levels != NOTHING
    counts: Array = np.bincount(levels[said], weights=likely[said], minlength=len(start)) + start
    shares: Array = counts / counts.sum()
    return shares


def _owned(drawn: Array, equal: float) -> Array:
    """Return the chances of strangers by pairs drawn at random, of which those that share a value are mostly one person's."""
    mixed = drawn.copy()
    mixed[0] = min(max(equal, RAREST), drawn[0])
    mixed[1:] *= (1.0 - mixed[0]) / (1.0 - drawn[0])
    return mixed


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
