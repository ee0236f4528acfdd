"""Begin a run, and keep account of its steps: who works on what, how far it is, and why not further."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select, update

from crossroads.calm import calm
from crossroads.engine import words
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, CrossroadsError, Superseded
from crossroads.plan import Member, Plan
from crossroads.store.clock import later
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Lease, Run, Step

LEASE_SECONDS = 600.0
_run = Bulk(Run, ("id", "sync", "entity", "full", "started_at", "state", "summary", "airflow"), update=())
_lease = Bulk(Lease, ("name", "fence", "owner", "until"))


def begin(ws: Workspace, plan: Plan, run: str, *, full: bool = False) -> str:
    """Open a run, or find it open: a retry is the same run."""
    with ws.store.write(("run", run)) as db:
        _run(db, [(run, plan.sync, plan.entity, full, ws.clock(), "running", "{}", "{}")])
    return run


def compares(db: Connection, run: str) -> bool:
    """Tell whether a run was asked to compare everything."""
    runs = table(Run)
    found = db.execute(select(runs.c.full).where(runs.c.id == run)).scalar()
    if found is None:
        raise ConfigError(f"There is no run {run!r}: begin it first.")
    return bool(found)


def finished(db: Connection, run: str, name: str, member: str) -> bool:
    """Tell whether a step of a run came to its end."""
    steps = table(Step)
    this = (steps.c.run == run, steps.c.step == name, steps.c.member == member)
    return db.execute(select(steps.c.state).where(*this)).scalar() == "finished"


def was_read(db: Connection, run: str, member: Member) -> bool:
    """Tell whether we know who is in a system: what was made there since the last read would be made twice."""
    return not member.read or finished(db, run, "pull", member.name)


def comparing(db: Connection, run: str, member: str) -> None:
    """Note that a member's pull reads everything."""
    steps = table(Step)
    this = (steps.c.run == run, steps.c.step == "pull", steps.c.member == member)
    db.execute(update(steps).where(*this).values(compared=True))


@contextmanager
def step(ws: Workspace, run: str, name: str, member: str) -> Iterator[None]:
    """Account for one step of one member: started, finished, or failed with the reason."""
    steps = table(Step)
    this = (steps.c.run == run) & (steps.c.step == name) & (steps.c.member == member)
    with ws.store.write(("run", run)) as db:
        before = db.execute(select(steps.c.attempts).where(this)).scalar()
        if before is None:
            values = {
                "run": run,
                "step": name,
                "member": member,
                "state": "running",
                "started_at": ws.clock(),
            }
            db.execute(steps.insert().values(**values, attempts=1))
        else:
            db.execute(update(steps).where(this).values(state="running", attempts=before + 1, error=None))
    try:
        with calm():
            yield
    except Superseded:
        raise
    except Exception as error:
        # Only our own errors are known to carry no personal value; of any other the class is all that may be
        # kept.
        told = (
            words.kept(str(error))
            if isinstance(error, CrossroadsError)
            else f"{type(error).__name__}: see the task's log"
        )
        with ws.store.write(("run", run)) as db:
            db.execute(update(steps).where(this).values(state="failed", error=told, ended_at=ws.clock()))
        raise
    with ws.store.write(("run", run)) as db:
        db.execute(update(steps).where(this).values(state="finished", ended_at=ws.clock()))


def take(db: Connection, name: str, *, at: str, who: str) -> int:
    """Take a lease over and return its fence; whoever held it finds out at the next `hold`."""
    leases = table(Lease)
    fence = (db.execute(select(leases.c.fence).where(leases.c.name == name)).scalar() or 0) + 1
    _lease(db, [(name, fence, who, later(at, LEASE_SECONDS))])
    return fence


def hold(db: Connection, name: str, fence: int) -> None:
    """Raise Superseded if somebody else took the lease: two attempts may live at once, one of them may write."""
    leases = table(Lease)
    if db.execute(select(leases.c.fence).where(leases.c.name == name)).scalar() != fence:
        raise Superseded(f"Another attempt took over {name}; this one stops and has lost nothing.")
