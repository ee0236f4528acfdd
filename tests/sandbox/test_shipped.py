"""The model that is shipped is what is learnt today, but for the last digits, which differ from machine to machine."""

import pytest

from crossroads.identity.model import KINDS, Model
from sandbox.identity.shipped import SIZE, shipped


def test_the_shipped_model_is_current_and_can_be_trusted() -> None:
    learnt, kept = shipped(), Model.shipped()
    assert kept.problems() == []
    assert kept.records == SIZE
    assert kept.chances.keys() == learnt.chances.keys()
    for name, chances in kept.chances.items():
        for kind in KINDS:
            assert chances.of(kind) == pytest.approx(learnt.chances[name].of(kind), rel=1e-2), (name, kind)
    assert dict(kept.shares) == pytest.approx(dict(learnt.shares), rel=1e-2)
    same = {"chances", "shares"}
    assert kept.model_dump(exclude=same) == learnt.model_dump(exclude=same)
