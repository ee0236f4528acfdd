"""Report: close a run. Green means every member finished, every record is accounted for, no write hangs in the air."""

from typing import Any

import orjson
from sqlalchemy import Connection, func, select, update

from crossroads import journal
from crossroads.engine import deletes
from crossroads.engine.outcomes import ended, entered, sums
from crossroads.engine.schema_approval import raised
from crossroads.engine.states import OPEN
from crossroads.engine.workspace import Workspace
from crossroads.errors import CrossroadsError
from crossroads.plan import Member, Plan
from crossroads.store.session import table
from crossroads.store.tables import Intent, Parked, Run, Step


class RunFailed(CrossroadsError):
    """The run is not green; the message says which member, why, and what to do."""


def report(ws: Workspace, plan: Plan, run: str) -> dict[str, Any]:
    """Close a run and return its summary; raise RunFailed, after storing it, if it is not green."""
    at = ws.clock()
    with ws.store.write((plan.entity,)) as db:
        members = {member.name: _member(db, member, run) for member in plan.between}
        problems = _problems(db, plan, run, members)
        summary = {"members": members, "problems": problems}
        # Worth knowing, and no reason for red: the data went on, the fields are as they came.
        names = {member.name for member in plan.between}
        if notes := {name: counts for name, counts in raised(db).items() if name in names}:
            summary["schema"] = notes
        state = "failed" if problems else "finished"
        runs = table(Run)
        former = db.execute(select(runs.c.state, runs.c.summary).where(runs.c.id == run)).one()
        text = orjson.dumps(summary).decode()
        if (former.state, former.summary) != (state, text):
            db.execute(update(runs).where(runs.c.id == run).values(state=state, ended_at=at, summary=text))
            journal.append(
                db, [journal.Line("run", run, {"sync": plan.sync, "state": state, **summary})], run=run, at=at
            )
    if problems:
        raise RunFailed(f"{plan.sync}: {'; '.join(problems)}")
    return summary


def _member(db: Connection, member: Member, run: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if member.read:
        outcomes = ended(db, run, "pull", member.name)
        # A record that was stored and then found to wait for its parent ends as parked.
        for key in _parked(db, member, run):
            if outcomes.get(key) == "applied":
                outcomes[key] = "parked"
        found["pull"] = sums(entered(db, run, "pull", member.name), outcomes.values())
    if member.write:
        outcomes = ended(db, run, "push", member.name)
        found["push"] = sums(entered(db, run, "push", member.name), outcomes.values())
    return found


def _parked(db: Connection, member: Member, run: str) -> list[str]:
    rows = table(Parked)
    mine = (
        rows.c.connection == member.connection,
        rows.c.stream == member.stream,
        rows.c.step == "match",
        rows.c.run == run,
    )
    return [what for (what,) in db.execute(select(rows.c.what).where(*mine))]


def _problems(db: Connection, plan: Plan, run: str, members: dict[str, Any]) -> list[str]:
    problems = []
    steps = table(Step)
    states = {(s.step, s.member): s for s in db.execute(select(steps).where(steps.c.run == run))}
    for member in plan.between:
        for name, wanted in (("pull", member.read), ("push", member.write)):
            if wanted:
                problems += _unfinished(states.get((name, member.name)), name, member)
        if member.write:
            problems += _open(db, member)
        problems += deletes.problem(db, member)
    problems += _unfinished(states.get(("match", plan.entity)), "match", None)
    for name, found in members.items():
        for step, counts in found.items():
            accounted = sum(count for outcome, count in counts.items() if outcome != "read")
            finished = (step, name) in states and states[step, name].state == "finished"
            if finished and accounted != counts["read"]:
                problems.append(
                    f"{name}: {counts['read']} records entered the {step} and {accounted} are accounted for; "
                    "run the sync again"
                )
    return problems


def _unfinished(step: Any, name: str, member: Member | None) -> list[str]:
    who = member.name if member else "all members"
    if step is None:
        return [f"{who}: {name} never started"]
    if step.state != "finished":
        return [f"{who}: {name} {step.state}: {step.error or 'it was stopped; run it again'}"]
    return []


def _open(db: Connection, member: Member) -> list[str]:
    rows = table(Intent)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.state.in_(OPEN))
    query = select(rows.c.state, func.count()).where(*mine).group_by(rows.c.state)
    counts: dict[str, int] = {state: count for state, count in db.execute(query)}  # noqa: C416 - rows are no pairs to a type checker
    planned = counts.pop("planned", 0)
    told = (
        [f"{member.name}: {planned} writes are planned and not sent; run the sync again"] if planned else []
    )
    doubtful, asked = sum(counts.values()), _asked(db, member)
    if asked:
        told.append(
            f"{member.name}: {asked} writes have no known outcome, which a person has to look up: `crossroads waiting` lists "
            "them, `crossroads answer` says what was found"
        )
    if doubtful > asked:
        told.append(
            f"{member.name}: {doubtful - asked} writes have no known outcome; run the sync again to look them up"
        )
    return told


def _asked(db: Connection, member: Member) -> int:
    """Return how many writes have no known outcome of which only a person can tell it."""
    rows, parked = table(Intent), table(Parked)
    waits = (
        (parked.c.connection == rows.c.connection)
        & (parked.c.stream == rows.c.stream)
        & (parked.c.what == rows.c.profile)
        & (parked.c.reason == "outcome")
    )
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.slot == "")
    query = select(func.count()).select_from(rows.join(parked, waits)).where(*mine, rows.c.state == "unknown")
    return db.execute(query).scalar_one()
