"""A small share of the crash trials; `make crash` plays thousands. CROSSROADS_TRIALS says how many, CROSSROADS_SEED the first."""

import os
from contextlib import closing
from typing import Any

import pytest
import stamina.instrumentation

from sandbox.crash import slots
from sandbox.crash.__main__ import summed
from sandbox.crash.trial import KINDS
from sandbox.postgres import program

TRIALS = int(os.environ.get("CROSSROADS_TRIALS", "16"))
SEED = int(os.environ.get("CROSSROADS_SEED", "1"))


@pytest.mark.crash
@pytest.mark.parametrize("store", [slots.sqlite, pytest.param(slots.postgres, marks=pytest.mark.postgres)])
def test_whatever_dies_or_breaks_the_systems_end_as_people_said(store: Any) -> None:
    if (
        store is slots.postgres
        and program("initdb") is None
        and not os.environ.get("CROSSROADS_NEED_POSTGRES")
    ):
        pytest.skip("PostgreSQL is not installed here")
    hooks = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([])
    verdicts = []
    with store() as fresh, closing(slots.played(range(SEED, SEED + TRIALS), fresh, slots=2)) as playing:
        for verdict in playing:
            verdicts.append(verdict)
            assert verdict.wrong == {}, f"seed {verdict.seed}"
    stamina.instrumentation.set_on_retry_hooks(hooks)
    report = summed(verdicts)
    assert report["trials"] == TRIALS
    assert report["kills"] > TRIALS / 2
    assert [report[kind] for kind in KINDS] == [0, 0, 0, 0]
