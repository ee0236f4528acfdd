"""Pairs compared in bulk by Splink on DuckDB: the same levels as `levels.py`, by the SQL they carry."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from splink import DuckDBAPI, Linker, SettingsCreator

from crossroads.identity.comparisons import Comparison, comparisons
from crossroads.identity.levels import NOTHING
from crossroads.identity.model import Frequencies, Model
from crossroads.identity.odds import Array
from crossroads.identity.population import Population

HIGHEST = 20
"""The weight of the best level, in Splink without a model; each further one weighs one less, and 0 is what is not said."""

STEP = 500_000
"""Pairs compared at a time: what bounds the memory."""


class Compared(NamedTuple):
    """Pairs by places: the level each comparison reached, best is 0, and how many bits the rareness of its value adds."""

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    levels: NDArray[np.int8]
    rareness: Array

    def __repr__(self) -> str:
        return f"Compared({len(self.a)} pairs)"


class Comparer:
    """Compares pairs of a population.

    `chances` are those of strangers by comparison, where they are known: rareness is counted against them.
    """

    def __init__(
        self,
        population: Population,
        frequencies: Mapping[str, Frequencies],
        chances: Mapping[str, Array],
        *,
        compared: Sequence[str] | None = None,
    ) -> None:
        self.population, self.frequencies, self.chances = population, frequencies, chances
        every = comparisons(population.nicknames, population.others)
        self.comparisons = [
            _counted(one, frequencies) for one in every if compared is None or one.name in compared
        ]
        self.api = DuckDBAPI(connection=population.db)
        self.people = self.api.register("people")

    def pairs(self, source: str) -> Iterator[Compared]:
        """Yield the pairs of a query of `a` and `b`, compared, some at a time."""
        db = self.population.db
        db.execute(f"CREATE OR REPLACE TABLE asked AS SELECT a, b, row_number() OVER () AS n FROM ({source})")  # noqa: S608
        ((count,),) = db.execute("SELECT count(*) FROM asked").fetchall()
        for start in range(0, count, STEP):
            db.execute(
                "CREATE OR REPLACE TABLE step AS SELECT '0' AS match_key, a AS join_key_l, b AS join_key_r "
                "FROM asked WHERE n > $1 AND n <= $2",
                [start, start + STEP],
            )
            yield self._some()
        db.execute("DROP TABLE IF EXISTS asked; DROP TABLE IF EXISTS step")

    def linker(self, model: Model | None = None) -> Linker:
        """Return Splink's own linker for this population; with a model, one that weighs."""
        linker = Linker(self.people, settings(self.comparisons, model), log_level=None)
        for field in {level.frequency for one in self.comparisons for level in one.levels if level.frequency}:
            linker.table_management.register_term_frequency_lookup(self._frequency(field), field)
        return linker

    def _some(self) -> Compared:
        linker = self.linker()
        linker.table_management.register_blocked_pairs_for_predict(self.api.register("step"))
        predicted = linker.inference.predict(warning_mode="never")
        chosen = [part for place, one in enumerate(self.comparisons) for part in self._columns(place, one)]
        found: Mapping[str, Any] = self.population.db.execute(
            f"SELECT place_l AS a, place_r AS b, {', '.join(chosen)} FROM {predicted.physical_name}"  # noqa: S608
        ).fetchnumpy()
        predicted.drop_table_from_database_and_remove_from_cache()
        names = range(len(self.comparisons))
        levels = np.column_stack([found[f"level{place}"] for place in names])
        rareness = np.column_stack([found[f"rare{place}"] for place in names])
        return Compared(found["a"], found["b"], levels, rareness)

    def _columns(self, place: int, one: Comparison) -> list[str]:
        level = f"{HIGHEST} - mw_c{place}"
        cases = [
            f"WHEN {level} = {at} THEN log2({float(self.chances[one.name][at])!r} / greatest(tf_{said.frequency}_l, "
            f"tf_{said.frequency}_r))"
            for at, said in enumerate(one.levels)
            if said.frequency and one.name in self.chances
        ]
        rare = f"CASE {' '.join(cases)} ELSE 0.0 END" if cases else "0.0"
        return [
            f"(CASE WHEN mw_c{place} = 0 THEN {NOTHING} ELSE {level} END)::TINYINT AS level{place}",
            f"({rare})::DOUBLE AS rare{place}",
        ]

    def _frequency(self, field: str) -> Any:
        """Register how frequent each value of a field is; one the model does not know is as rare as its rarest."""
        known = self.frequencies[field]
        shares = pa.table(
            {"value": list(known.shares), "share": pa.array(known.shares.values(), pa.float64())}
        )
        db = self.population.db
        db.register("shares", shares)
        db.execute(f"""
            CREATE OR REPLACE TABLE frequency_{field} AS
            SELECT {field}, coalesce(share, {known.rarest!r}) AS tf_{field}
            FROM (SELECT DISTINCT {field} FROM people WHERE {field} IS NOT NULL) LEFT JOIN shares ON value = {field}
        """)  # noqa: S608
        db.unregister("shares")
        return self.api.register(f"frequency_{field}")


def _counted(one: Comparison, frequencies: Mapping[str, Frequencies]) -> Comparison:
    """Return a comparison in which no rareness counts of fields whose frequencies are not known."""
    levels = [
        level if level.frequency in frequencies else level._replace(frequency=None) for level in one.levels
    ]
    return one._replace(levels=levels)


def settings(compared: Sequence[Comparison], model: Model | None = None) -> SettingsCreator:
    """Return Splink's settings of these comparisons, with the chances of one person and of strangers if a model is given."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="place",
        comparisons=[_comparison(f"c{place}", one, model) for place, one in enumerate(compared)],
        probability_two_random_records_match=_likely(model) if model else 1e-4,
        # What was compared would be written down for every pair; the levels are in the weights (`_comparison`).
        retain_matching_columns=model is not None,
        retain_intermediate_calculation_columns=True,
    )


def _likely(model: Model) -> float:
    """Return the share of persons among the pairs that are one person's or strangers'; Splink knows of no others."""
    person = model.shares["person"]
    return person / (1.0 - sum(model.shares.values()) + person)


def _comparison(column: str, one: Comparison, model: Model | None) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": one.absent, "label_for_charts": "absent", "is_null_level": True}
    ]
    for place, level in enumerate(one.levels):
        # Without a model, the weight says which level it is.
        m, u = 2.0 ** -(place + 1), 2.0 ** -(HIGHEST + 1)
        said: dict[str, Any] = {"sql_condition": level.sql, "label_for_charts": level.name}
        said |= {"m_probability": m, "u_probability": u}
        if model:
            chances = model.chances[one.name]
            said |= {"m_probability": chances.person[place], "u_probability": chances.stranger[place]}
        if level.frequency:
            said["tf_adjustment_column"] = level.frequency
            said["disable_tf_exact_match_detection"] = True
        levels.append(said)
    return {"output_column_name": column, "comparison_levels": levels}
