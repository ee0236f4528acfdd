"""What the console asks the store: how each system is, how the last runs ended, whether all systems agree."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Table, and_, func, select

from crossroads.plan import Plan
from crossroads.store import table
from crossroads.store.tables import Contribution, Due, Intent, Parked, Rejected, Run, Step

OPEN = ("planned", "sent", "unknown")
HELD_BACK = ("parked", "withheld", "rejected")
Verdict: TypeAlias = Literal["new", "failing", "waiting", "moving", "agree"]


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream of one system: what it holds, what waits for it, and how its last step went."""

    connection: str
    stream: str
    entity: str
    held: int
    outstanding: int
    parked: int
    rejected: int
    read_at: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class RunView:
    """One run: what it was, how it ended, what it counted, and what keeps it from being green."""

    id: str
    sync: str
    dag_run: str | None
    full: bool
    state: str
    started_at: str
    ended_at: str | None
    counts: Mapping[str, int]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: one verdict, every system, the last runs."""

    verdict: Verdict
    streams: Sequence[StreamView]
    runs: Sequence[RunView]


def overview(db: Connection, plans: Sequence[Plan], runs: int = 20) -> Overview:
    """Return what the first page shows; systems that have not run yet are there too."""
    views, last = streams(db, plans), last_runs(db, runs)
    return Overview(verdict(views, last), views, last)


def verdict(views: Sequence[StreamView], runs: Sequence[RunView]) -> Verdict:
    """Say whether all systems agree, by the most urgent thing that keeps them from it."""
    newest = {run.sync: run for run in reversed(runs) if run.ended_at}
    if not newest:
        return "new"
    if any(run.state != "finished" for run in newest.values()) or any(view.error for view in views):
        return "failing"
    if any(view.outstanding for view in views):
        return "moving"
    return "waiting" if any(view.parked or view.rejected for view in views) else "agree"


def streams(db: Connection, plans: Sequence[Plan]) -> list[StreamView]:
    """Return every stream that a sync names, in the order of the syncs."""
    contributions, due, intents = table(Contribution), table(Due), table(Intent)
    held = _counted(db, contributions, contributions.c.gone.is_(False))
    waiting = _counted(db, due)
    open_intents = _counted(db, intents, intents.c.state.in_(OPEN))
    parked, rejected = _counted(db, table(Parked)), _counted(db, table(Rejected))
    read_at, errors = _last_steps(db)
    return [
        StreamView(
            place[0],
            place[1],
            plan.entity,
            held.get(place, 0),
            waiting.get(place, 0) + open_intents.get(place, 0),
            parked.get(place, 0),
            rejected.get(place, 0),
            read_at.get(member.name),
            errors.get(member.name),
        )
        for plan in plans
        for member in plan.between
        for place in [(member.connection, member.stream)]
    ]


def last_runs(db: Connection, limit: int) -> list[RunView]:
    """Return the newest runs, newest first, each with its counts and what went wrong."""
    runs, steps = table(Run), table(Step)
    rows = db.execute(select(runs).order_by(runs.c.started_at.desc()).limit(limit)).all()
    failed: dict[str, list[str]] = {}
    which = and_(steps.c.run.in_([row.id for row in rows]), steps.c.state == "failed")
    for row in db.execute(select(steps).where(which).order_by(steps.c.started_at)):
        failed.setdefault(row.run, []).append(f"{row.member}: {row.step} failed: {row.error}")
    return [_run(row, json.loads(row.summary), failed.get(row.id, [])) for row in rows]


def _run(row: Any, summary: Mapping[str, Any], failed: Sequence[str]) -> RunView:
    """Return one run; until it is closed, its failed steps are all that is known to be wrong."""
    problems = summary.get("problems", failed)
    dag_run = json.loads(row.airflow).get("run")
    counts = _totals(summary)
    return RunView(
        row.id, row.sync, dag_run, row.full, row.state, row.started_at, row.ended_at, counts, problems
    )


def _counted(db: Connection, rows: Table, *where: Any) -> dict[tuple[str, str], int]:
    found = select(rows.c.connection, rows.c.stream, func.count()).where(*where)
    return {(row[0], row[1]): row[2] for row in db.execute(found.group_by(rows.c.connection, rows.c.stream))}


def _last_steps(db: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """Return when each member was last read, and the error of each member whose newest step failed."""
    steps = table(Step)
    newest: dict[tuple[str, str], Any] = {}
    ranked = select(
        steps,
        func.row_number()
        .over(partition_by=(steps.c.step, steps.c.member), order_by=steps.c.started_at.desc())
        .label("rank"),
    ).subquery()
    for row in db.execute(select(ranked).where(ranked.c.rank == 1)):
        newest[row.step, row.member] = row
    errors = {member: row.error for (_, member), row in newest.items() if row.state == "failed"}
    done = (steps.c.step == "pull", steps.c.state == "finished")
    ended = select(steps.c.member, func.max(steps.c.ended_at)).where(*done).group_by(steps.c.member)
    return {row[0]: row[1] for row in db.execute(ended)}, errors


def _totals(summary: Mapping[str, Any]) -> dict[str, int]:
    """Add up the members of a run: how what was read ended; beside it what was written and what was not."""
    totals: Counter[str] = Counter()
    for member in summary.get("members", {}).values():
        totals.update(member.get("pull", {}))
        pushed = member.get("push", {})
        totals["written"] += pushed.get("applied", 0)
        totals["held_back"] += sum(pushed.get(outcome, 0) for outcome in HELD_BACK)
    return dict(totals)
