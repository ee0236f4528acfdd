"""Runs as an auditor reads them: what each was, how it ended, and how every record in it ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, and_, select

from crossroads.engine.outcomes import ended
from crossroads.errors import ConfigError
from crossroads.store.session import table
from crossroads.store.tables import Run, Step

HELD_BACK = ("parked", "withheld", "rejected")


@dataclass(frozen=True, slots=True)
class RunView:
    """One run: what it was, how it ended, what it counted, and which of its steps failed why."""

    id: str
    sync: str
    dag_run: str | None
    full: bool
    state: str
    started_at: str
    ended_at: str | None
    counts: Mapping[str, int]
    failures: Sequence[tuple[str, str, str]]
    members: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a run for one system: how it ended, at which attempt, and which records ended how."""

    step: str
    member: str
    state: str
    compared: bool
    attempts: int
    error: str | None
    started_at: str
    ended_at: str | None
    outcomes: Mapping[str, Sequence[str]]


def last_runs(db: Connection, limit: int) -> list[RunView]:
    """Return the newest runs, newest first."""
    runs = table(Run)
    return _views(db, select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit))


def last_of(db: Connection, sync: str) -> RunView | None:
    """Return the newest run of a sync that has ended, if any."""
    runs = table(Run)
    query = select(runs).where(runs.c.sync == sync, runs.c.ended_at.is_not(None))
    return next(iter(_views(db, query.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(1))), None)


def run_of(db: Connection, name: str) -> tuple[RunView, list[StepView]]:
    """Return a run, or the last run of a sync, with its steps and the outcome of every record in them."""
    runs, steps = table(Run), table(Step)
    found = next(iter(_views(db, select(runs).where(runs.c.id == name))), None) or last_of(db, name)
    if found is None:
        raise ConfigError(f"There is no run and no sync {name!r}: `crossroads status` names the last runs.")
    run = found.id
    rows = db.execute(select(steps).where(steps.c.run == run).order_by(steps.c.started_at)).all()
    return found, [
        StepView(row.step, row.member, row.state, row.compared, row.attempts, row.error, row.started_at,
                 row.ended_at, _keys(ended(db, run, row.step, row.member)))
        for row in rows
    ]  # fmt: skip


def _keys(outcomes: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, outcome in sorted(outcomes.items()):
        found.setdefault(outcome, []).append(key)
    return found


def _views(db: Connection, query: Any) -> list[RunView]:
    steps = table(Step)
    rows = db.execute(query).all()
    failures: dict[str, list[tuple[str, str, str]]] = {}
    failed = and_(steps.c.run.in_([row.id for row in rows]), steps.c.state == "failed")
    for row in db.execute(select(steps).where(failed).order_by(steps.c.started_at)):
        failures.setdefault(row.run, []).append((row.step, row.member, row.error or ""))
    return [_view(row, failures.get(row.id, [])) for row in rows]


def _view(row: Any, failures: Sequence[tuple[str, str, str]]) -> RunView:
    summary = orjson.loads(row.summary)
    members = summary.get("members", {})
    return RunView(
        id=row.id,
        sync=row.sync,
        dag_run=orjson.loads(row.airflow).get("run"),
        full=row.full,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        counts=_totals(members),
        failures=failures,
        members=members,
        problems=summary.get("problems", []),
    )


def _totals(members: Mapping[str, Any]) -> dict[str, int]:
    """Add up the members of a run: how what was read ended; beside it what was written and what was not."""
    totals: Counter[str] = Counter()
    for member in members.values():
        totals.update(member.get("pull", {}))
        pushed = member.get("push", {})
        totals["written"] += pushed.get("applied", 0)
        totals["held_back"] += sum(pushed.get(outcome, 0) for outcome in HELD_BACK)
    return dict(totals)
