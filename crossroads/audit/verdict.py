"""Whether all systems agree, and what keeps them from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crossroads.audit.runs import RunView

Verdict: TypeAlias = Literal["new", "failing", "waiting", "moving", "apart", "agree"]

KINDS = (
    "run",
    "abandoned",
    "error",
    "open",
    "due",
    "differs",
    "refused",
    "rejected",
    "outcome",
    "review",
    "person",
    "parent",
    "unread",
)
"""What can keep systems from agreeing, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that keeps the systems from agreeing: its kind, where, how many, and the run's own words."""

    kind: str
    where: str
    count: int = 0
    told: Sequence[str] = ()


def verdict(found: Sequence[Gap], newest: Mapping[str, RunView | None]) -> Verdict:
    """Say whether all systems agree, by the most urgent thing that keeps them from it."""
    if not any(newest.values()):
        return "new"
    kinds = {gap.kind for gap in found}
    if kinds & {"run", "abandoned", "error"}:
        return "failing"
    if kinds & {"due", "open"}:
        return "moving"
    if "differs" in kinds:
        return "apart"
    return "waiting" if kinds else "agree"
