"""Splink by itself on FEBRL, beside which we are measured: its own comparisons, its own training, its usual threshold."""

from collections.abc import Mapping
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.comparison_creator import ComparisonCreator

from sandbox.identity.sets import Known

THRESHOLD = 0.95
RULES = (
    ("given_name", "surname"), ("date_of_birth",), ("postcode", "given_name"), ("postcode", "surname"),
    ("address_1", "street_number"), ("address_1", "postcode"), ("suburb", "given_name"), ("suburb", "surname"),
)  # fmt: skip
KNOWN_RULES = (
    ("given_name", "surname", "date_of_birth"), ("given_name", "address_1", "postcode"), ("surname", "date_of_birth", "postcode"),
)  # fmt: skip
TRAINED_ON = (("date_of_birth",), ("given_name", "surname"), ("postcode",))


def splinked(known: Known) -> Mapping[str, str]:
    """Return the clusters that Splink finds in one of FEBRL's sets, by record."""
    with duckdb.connect() as db:
        db.execute("CREATE TABLE people AS SELECT * FROM read_csv(?, all_varchar = true)", [str(known.file)])
        api = DuckDBAPI(connection=db)
        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="rec_id",
            comparisons=_comparisons(),
            blocking_rules_to_generate_predictions=[block_on(*rule) for rule in RULES],
        )
        linker = Linker(api.register("people"), settings, log_level=None)
        linker.training.estimate_probability_two_random_records_match(
            [block_on(*rule) for rule in KNOWN_RULES], recall=0.8
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=5e5, seed=1)
        for rule in TRAINED_ON:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
        predicted = linker.inference.predict(threshold_match_probability=THRESHOLD)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, THRESHOLD)
        return {row["rec_id"]: row["cluster_id"] for row in clusters.as_record_list()}


def _comparisons() -> list[ComparisonCreator | dict[str, Any]]:
    return [
        cl.ForenameSurnameComparison("given_name", "surname", jaro_winkler_thresholds=[0.92, 0.8]).configure(
            term_frequency_adjustments=True
        ),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
        cl.DamerauLevenshteinAtThresholds("street_number", [1]),
        cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        cl.JaroWinklerAtThresholds("suburb", [0.9, 0.75]).configure(term_frequency_adjustments=True),
    ]
