"""A small share of the crash trials; `make crash` plays thousands. CROSSROADS_TRIALS says how many, CROSSROADS_SEED the first."""

import os

import pytest
import stamina.instrumentation

from sandbox.crash import slots
from sandbox.crash.__main__ import summed
from sandbox.crash.trial import KINDS

TRIALS = int(os.environ.get("CROSSROADS_TRIALS", "24"))
SEED = int(os.environ.get("CROSSROADS_SEED", "1"))


@pytest.mark.crash
def test_whatever_dies_or_breaks_the_systems_end_as_people_said() -> None:
    hooks = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([])
    with slots.sqlite() as fresh:
        verdicts = list(slots.played(range(SEED, SEED + TRIALS), fresh, slots=2))
    stamina.instrumentation.set_on_retry_hooks(hooks)
    report = summed(verdicts)
    assert report["trials"] == TRIALS
    assert report["kills"] > TRIALS / 2
    assert [(v.seed, v.wrong) for v in verdicts if v.wrong] == []
    assert [report[kind] for kind in KINDS] == [0, 0, 0, 0]
