"""Dry run: what the next run would send, found by making that run on a copy of the store with systems that are only read.

Nothing is computed in another way than by the run itself, so that the two cannot come apart. What depends on an answer
no system has given yet is taken for the plainest one: every change is accepted, and shown as it was told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.connector import Connector
from crossroads.engine.match import match
from crossroads.engine.pull import pull
from crossroads.engine.push import push
from crossroads.engine.rehearsal import Answered, Rehearsed
from crossroads.engine.report import RunFailed, report
from crossroads.engine.run import begin
from crossroads.engine.workspace import Workspace
from crossroads.errors import CrossroadsError
from crossroads.plan import Plan
from crossroads.store import Store, newid
from crossroads.store.copy import copied
from crossroads.store.session import table
from crossroads.store.tables import Intent, Run

Kind: TypeAlias = Literal["create", "change"]
SENT = ("sent", "written", "rejected", "unknown")


@dataclass(frozen=True, slots=True)
class Write:
    """One change that would be sent: `key` is the target's record, nothing for a create; fields are path -> [now, then]."""

    id: str
    kind: Kind
    connection: str
    stream: str
    key: str | None
    profile: str
    fields: Mapping[str, tuple[Any, Any]] = field(repr=False)

    @property
    def target(self) -> str:
        """Return `connection.stream`."""
        return f"{self.connection}.{self.stream}"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the next run of one sync would do: what it would send, how each record would end, what would fail and why."""

    sync: str
    writes: Sequence[Write]
    members: Mapping[str, Mapping[str, Mapping[str, int]]]
    problems: Sequence[str]


def dry_run(ws: Workspace, syncs: Sequence[str], *, full: bool = False) -> list[Foreseen]:
    """Return what the next runs of these syncs, one after the other, would do; systems are read, nothing is kept."""
    with copied(ws.store) as copy:
        log: list[Answered] = []
        rehearsed = replace(ws, store=copy, connect=partial(_open, ws, copy, log))
        return [_made(rehearsed, ws.plan(sync), log, full) for sync in syncs]


def _open(ws: Workspace, copy: Store, log: list[Answered], connection: str) -> Connector[Any]:
    return Rehearsed(ws.open(connection), connection, copy, log)


def _made(ws: Workspace, plan: Plan, log: list[Answered], full: bool) -> Foreseen:
    """Make one run as the DAG makes it: a step that fails stops no other one."""
    run = begin(ws, plan, f"dry-run/{newid()}", full=full)
    pulls = [partial(pull, ws, plan, member.name, run) for member in plan.between if member.read]
    pushes = [partial(push, ws, plan, member.name, run) for member in plan.between if member.write]
    problems: list[str] = []
    for step in (*pulls, partial(match, ws, plan, run), *pushes):
        try:
            step()
        except CrossroadsError as error:
            problems.append(str(error))
    try:
        members = report(ws, plan, run)["members"]
    except RunFailed as failed:
        problems = [str(failed)]
        members = _counted(ws, run)
    before = {one.id: one.before for one in log}
    with ws.store.read() as db:
        return Foreseen(plan.sync, sent(db, run, before), members, problems)


def _counted(ws: Workspace, run: str) -> Any:
    runs = table(Run)
    with ws.store.read() as db:
        summary = db.execute(select(runs.c.summary).where(runs.c.id == run)).scalar_one()
    return orjson.loads(summary)["members"]


def sent(db: Connection, run: str, before: Mapping[str, Document] | None = None) -> list[Write]:
    """Return what a run sent, in the order it was planned.

    A dry run knows what it was asked to send, and what stood there `before`; what an earlier run had sent and was only
    looked up is not of it.
    """
    rows, known = table(Intent), before or {}
    query = select(rows).where(rows.c.run == run, rows.c.state.in_(SENT)).order_by(rows.c.id)
    return [
        Write(
            row.id,
            "change" if row.slot else "create",
            row.connection,
            row.stream,
            row.slot or None,
            row.profile,
            {
                path: (known.get(row.id, {}).get(path), value)
                for path, value in orjson.loads(row.document).items()
            },
        )
        for row in db.execute(query)
        if before is None or row.id in before
    ]


def counted(writes: Sequence[Write]) -> dict[str, dict[str, Any]]:
    """Return, by target, how many records would be created and changed, and how often each field would be said."""
    found: dict[str, dict[str, Any]] = {}
    for one in writes:
        counts = found.setdefault(one.target, {"create": 0, "change": 0, "fields": {}})
        counts[one.kind] += 1
        for path in one.fields:
            counts["fields"][path] = counts["fields"].get(path, 0) + 1
    return found
