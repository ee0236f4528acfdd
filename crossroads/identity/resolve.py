"""Who is who among many, by a model: weigh every pair that shares a key, decide from where on to merge, split."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crossroads.identity import heirs
from crossroads.identity.batch import Comparer
from crossroads.identity.clusters import clusters
from crossroads.identity.model import HEIR, KINDS, Model
from crossroads.identity.odds import Array, Pairs, bits, rarities, weights
from crossroads.identity.population import Population
from crossroads.identity.score import PLACES, Scorer, prior
from crossroads.identity.threshold import LEAST, threshold


class Weighed(NamedTuple):
    """Pairs of places with their weights in bits."""

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    bits: Array

    def __repr__(self) -> str:
        return f"Weighed({len(self.bits)} pairs)"


class Resolved(NamedTuple):
    """Each record's cluster, as the place of the cluster's first record; the threshold, and how many pairs were compared.

    `likely` has the pairs of places that are rather one person than not, with their bits; `answers` says how
    many of people's answers were about such pairs.
    """

    clusters: Sequence[int]
    threshold: float
    compared: int
    likely: Mapping[tuple[int, int], float]
    answers: int = 0

    def __repr__(self) -> str:
        return f"Resolved({len(self.clusters)} records, {len(set(self.clusters))} people)"


def adopted(model: Model, records: int, limit: float) -> Model:
    """Return the model by which so many records are known from here on, with the threshold that was found for them."""
    return model.of_size(records).model_copy(update={"threshold": limit})


def resolved(
    population: Population,
    model: Model,
    answers: Iterable[tuple[str, str, bool]] = (),
    *,
    least: float = LEAST,
) -> Resolved:
    """Return who is who, by what a model believes of so many; nobody is merged by less than `least` bits of belief.

    `answers` are what people said of two ids, whether they are one person: from where on to merge follows from them too.
    """
    model = model.of_size(population.count)
    likely: dict[tuple[int, int], float] = {}
    compared = 0
    for some in weighed(population, model, "SELECT a, b FROM blocked"):
        kept = some.bits >= LEAST
        places = zip(some.a[kept].tolist(), some.b[kept].tolist(), strict=True)
        likely |= dict(zip(places, some.bits[kept].tolist(), strict=True))
        compared += len(some.bits)
    said = _answered(population, likely, answers)
    limit = threshold(likely.values(), said, least=least)
    if model.general:  # learnt of others, it believes too much now and then
        limit = max(limit, model.threshold)
    found = split(population, model, likely, limit)
    return Resolved(found, limit, compared, likely, len(said))


def _answered(
    population: Population,
    likely: Mapping[tuple[int, int], float],
    answers: Iterable[tuple[str, str, bool]],
) -> Sequence[tuple[float, bool]]:
    """Return the weights of the likely pairs that people spoke of, and what they said."""
    every = list(answers)
    places = population.places(name for a, b, _ in every for name in (a, b)) if every else {}
    pairs = [
        ((min(places[a], places[b]), max(places[a], places[b])), one)
        for a, b, one in every
        if a in places and b in places
    ]
    return [(likely[pair], one) for pair, one in pairs if pair in likely]


def split(
    population: Population, model: Model, likely: Mapping[tuple[int, int], float], limit: float
) -> Sequence[int]:
    """Return for each record the first place of its person's records; pairs that were never compared are weighed now."""
    people = population.persons(
        {place for pair, weight in likely.items() if weight >= limit for place in pair}
    )
    scorer = Scorer(model)
    return clusters(
        population.count,
        likely,
        lambda a, b: scorer.weight(people[a], people[b]),
        lambda a, b: scorer.contradict((people[a],), (people[b],)),
        lambda a, b: scorer.generations((people[a],), (people[b],)),
        limit,
    )


def weighed(population: Population, model: Model, source: str) -> Iterator[Weighed]:
    """Yield the pairs of a query of `a` and `b` with their weights, some at a time."""
    chances = {kind: {name: np.array(one.of(kind)) for name, one in model.chances.items()} for kind in KINDS}
    chances[HEIR] = heirs.chances(chances["person"])
    comparer = Comparer(population, model.frequencies, chances["stranger"], compared=list(model.chances))
    before = prior(model)
    for some in comparer.pairs(source):
        pairs = Pairs(comparer.comparisons, some.levels)
        found = weights(bits(pairs, chances, before, rarities(pairs, some.rareness, model.rare)))
        yield Weighed(some.a, some.b, found.round(PLACES))
