"""A run apart from the syncs, for what a person asked of one stream: accounted for, and found again after a kill."""

from collections.abc import Sequence
from hashlib import blake2b

import orjson
from sqlalchemy import Connection, func, select, update

from crossroads import journal
from crossroads.engine.outcomes import ended, entered, sums
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.plan import Member, Plan
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Run

_run = Bulk(Run, ("id", "sync", "entity", "full", "started_at", "state", "summary", "airflow"), update=())


def member(ws: Workspace, connection: str, stream: str) -> tuple[Plan, Member]:
    """Return the sync a stream takes part in, and its part in it."""
    for plan in ws.plans:
        for one in plan.between:
            if (one.connection, one.stream) == (connection, stream):
                return plan, one
    names = ", ".join(sorted({f"{m.connection}.{m.stream}" for plan in ws.plans for m in plan.between}))
    raise ConfigError(f"No sync names {connection}.{stream}. There are: {names}.")


def asked(one: Member, *what: object) -> str:
    """Return a name for what is asked of a stream, the same whenever the same is asked."""
    digest = blake2b(orjson.dumps(what), digest_size=4).hexdigest()
    return f"{one.name}/{digest}"


def open_run(ws: Workspace, plan: Plan, kind: str, asked: str) -> str:
    """Open a run, or find the one that was asked for the same thing and never came to its end; return its name."""
    runs = table(Run)
    name = f"{kind}/{asked}"
    with ws.store.write() as db:
        mine = (runs.c.sync == kind, runs.c.id.startswith(f"{name}/", autoescape=True))
        left = db.execute(select(runs.c.id).where(*mine, runs.c.state == "running")).scalar()
        if left is not None:
            return str(left)
        number = db.execute(select(func.count()).select_from(runs).where(*mine)).scalar_one() + 1
        _run(db, [(f"{name}/{number}", kind, plan.entity, False, ws.clock(), "running", "{}", "{}")])
    return f"{name}/{number}"


def close_run(ws: Workspace, run: str, kind: str, members: Sequence[Member]) -> dict[str, int]:
    """Close a run and return how its records ended; red, if not all that entered are accounted for."""
    runs, at = table(Run), ws.clock()
    with ws.store.write() as db:
        counts = {one.name: {"pull": _sums(db, run, kind, one)} for one in members}
        total = {name: sum(c["pull"][name] for c in counts.values()) for name in sums(0, [])}
        missing = total["read"] - sum(count for name, count in total.items() if name != "read")
        problems = [f"{missing} records have no outcome; run it again"] if missing else []
        state = "failed" if problems else "finished"
        summary = {"members": counts, "problems": problems}
        text = orjson.dumps(summary).decode()
        db.execute(update(runs).where(runs.c.id == run).values(state=state, ended_at=at, summary=text))
        journal.append(
            db, [journal.Line("run", run, {"sync": kind, "state": state, **summary})], run=run, at=at
        )
    return total


def _sums(db: Connection, run: str, step: str, one: Member) -> dict[str, int]:
    return sums(entered(db, run, step, one.name), ended(db, run, step, one.name).values())
