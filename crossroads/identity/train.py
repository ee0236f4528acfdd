"""Train a model on a population: how frequent values are, what strangers look like, and the rest from pairs (`kinds.py`)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from crossroads.errors import Untrained
from crossroads.identity.batch import Comparer
from crossroads.identity.comparisons import comparisons
from crossroads.identity.kinds import RARE, learn
from crossroads.identity.levels import NOTHING
from crossroads.identity.model import KINDS, Chances, Frequencies, Model
from crossroads.identity.odds import Array, Pairs
from crossroads.identity.person import FIELDS
from crossroads.identity.population import Population

SAMPLE = 600_000
"""Pairs drawn at random to see what strangers look like."""

ENOUGH = 500_000
"""Pairs with a key in common that are learnt from; of more, so many are drawn."""

SMOOTHING = 0.01
"""What is added to the count of each level among strangers: never seen in the sample is rare, not impossible."""

FEWEST = 100
"""Of fewer records less is learnt than is known of others: measured on seven kinds of files of 10 to 700 people."""

LEAST = 0.01
"""A field that fewer records than this share say is not compared: nothing could be learnt of it."""


def train(population: Population, *, sample: int = SAMPLE, seed: int = 1) -> Model:
    """Return the model of these records; the same records give the same model, in whatever order.

    Raises `Untrained` where they teach nothing to rely on.
    """
    if population.count < FEWEST:
        raise Untrained(f"Of fewer than {FEWEST} records nothing reliable is learnt.")
    frequencies = _frequencies(population)
    said = _said(population)
    strangers = _strangers(population, frequencies, list(said), sample, seed)
    comparer = Comparer(population, frequencies, strangers, compared=list(strangers))
    ((blocked,),) = population.db.execute("SELECT count(*) FROM blocked").fetchall()
    if not blocked:
        raise Untrained("No two records share enough to be compared: there is nothing to learn from.")
    # Drawn by the pair itself: the same pairs whatever order the table has.
    drawn = f"SELECT a, b FROM blocked ORDER BY (a::BIGINT * 2654435761 + b::BIGINT * 40503) % 4294967291, a, b LIMIT {ENOUGH}"  # noqa: S608
    parts = list(comparer.pairs(drawn))
    pairs = Pairs(comparer.comparisons, np.concatenate([part.levels for part in parts]))
    rareness = np.concatenate([part.rareness for part in parts])
    n, drawn_share = population.count, len(pairs.levels) / blocked
    every = n * (n - 1) / 2 * drawn_share
    named = {kind: count * drawn_share for kind, count in _named(population).items()}
    learnt = learn(pairs, rareness, strangers, every, named, said)
    chances = {
        one.name: Chances(**{kind: tuple(map(float, learnt.chances[kind][one.name])) for kind in KINDS})
        for one in comparer.comparisons
    }
    model = Model(
        records=n,
        others=population.others,
        shares=dict(learnt.shares),
        chances=chances,
        frequencies=frequencies,
        rare=RARE,
        nicknames={short: tuple(names) for short, names in population.nicknames.items()},
        junk=population.junk,
        loose=population.loose,
    )
    if problems := model.problems():
        raise Untrained(f"Nothing to rely on was learnt: {'; '.join(problems)}.")
    return model


def _frequencies(population: Population) -> dict[str, Frequencies]:
    found = {}
    every = comparisons(population.nicknames, population.others)
    for field in sorted({level.frequency for one in every for level in one.levels if level.frequency}):
        counts = dict(
            population.db.execute(f"SELECT {field}, count({field}) FROM people GROUP BY 1").fetchall()  # noqa: S608
        )
        counts.pop(None, None)
        total = max(sum(counts.values()), 1)
        shares = {value: count / total for value, count in sorted(counts.items()) if count > 1}
        found[field] = Frequencies(shares=shares, rarest=1 / total)
    return found


def _named(population: Population) -> dict[str, int]:
    """Return how many pairs are named as namesakes are, and how many share a surname and the first letter of another name."""
    counted = {}
    for beginning in ("given", "given[1]"):
        found = population.db.execute(f"""
            SELECT coalesce(sum(n * (n - 1)) // 2, 0)::BIGINT FROM (
                SELECT count(*) AS n FROM people WHERE given IS NOT NULL AND family IS NOT NULL GROUP BY {beginning}, family
            )
        """)  # noqa: S608
        ((counted[beginning],),) = found.fetchall()
    return {"namesake": counted["given"], "initial": counted["given[1]"] - counted["given"]}


def _said(population: Population) -> dict[str, float]:
    """Return the comparisons of which enough records say something, and the share of those that do."""
    least = max(LEAST * population.count, 2)
    every = comparisons(population.nicknames, population.others)
    alone = [f"count(*) FILTER (NOT ({one.absent.replace('_l ', ' ').replace('_r ', ' ')}))" for one in every]
    (counts,) = population.db.execute(f"SELECT {', '.join(alone)} FROM people").fetchall()  # noqa: S608
    same = _same_of_all(population)
    return {
        one.name: count / population.count
        for one, count in zip(every, counts, strict=True)
        if count >= least and one.name not in same
    }


def _same_of_all(population: Population) -> set[str]:
    """Return the comparisons of one field of which all records say the same: it tells nobody apart."""
    names = {
        **{field: field for field in FIELDS},
        **{f"other{n}": name for n, name in enumerate(population.others)},
    }
    counted = ", ".join(f"count(DISTINCT {field})" for field in names)
    (counts,) = population.db.execute(f"SELECT {counted} FROM people").fetchall()  # noqa: S608
    return {name for name, count in zip(names.values(), counts, strict=True) if count == 1}


def _strangers(
    population: Population,
    frequencies: Mapping[str, Frequencies],
    compared: Sequence[str],
    sample: int,
    seed: int,
) -> dict[str, Array]:
    """Return the chances of strangers, from pairs drawn at random; of equal values from how frequent they are."""
    sample = min(sample, population.count * (population.count - 1) // 2)
    drawn = np.random.default_rng(seed).integers(0, population.count, (2, sample), dtype=np.int32)
    population.db.register("drawn", pa.table({"a": drawn[0], "b": drawn[1]}))
    comparer = Comparer(population, frequencies, {}, compared=compared)
    counts = {one.name: np.full(len(one.levels), SMOOTHING) for one in comparer.comparisons}
    for part in comparer.pairs("SELECT a, b FROM drawn WHERE a <> b"):
        for column, one in enumerate(comparer.comparisons):
            levels = part.levels[:, column]
            counts[one.name] += np.bincount(levels[levels != NOTHING], minlength=len(one.levels))
    population.db.unregister("drawn")
    found = {}
    for one in comparer.comparisons:
        chances = counts[one.name] / counts[one.name].sum()
        field = one.levels[0].frequency
        # The square of a value seen once is left to the sample.
        if field and (equal := sum(share * share for share in frequencies[field].shares.values())):
            chances = chances * (1 - equal) / (1 - chances[0])
            chances[0] = equal
        found[one.name] = chances
    return found
