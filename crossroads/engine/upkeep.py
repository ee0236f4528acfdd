"""What has to happen between the syncs: forget old details, close abandoned runs, let go on what can, verify."""

from sqlalchemy import exists, func, or_, select, tuple_, update

from crossroads import journal
from crossroads.engine import doubles, parking, refusals, renewal
from crossroads.engine.workspace import Workspace
from crossroads.errors import CrossroadsError
from crossroads.store.clock import later
from crossroads.store.session import chunks, table
from crossroads.store.tables import Intent, Page, Rejected, Run, Step

KEEP_DAYS = 90.0
RETENTION_DAYS = 400.0
ABANDONED_HOURS = 24.0


class JournalBroken(CrossroadsError):
    """The journal's chain does not hold; the message says where, and a person has to find out why."""


def forget(ws: Workspace, days: float = KEEP_DAYS) -> int:
    """Delete the outcome of each single record of runs older than `days`; return how many runs that were.

    The run, its steps and its counts stay, and so does the journal.
    """
    runs, pages = table(Run), table(Page)
    old = select(runs.c.id).where(runs.c.ended_at < later(ws.clock(), -days * 86_400))
    old = old.where(exists().where(pages.c.run == runs.c.id))
    with ws.store.read() as db:
        found = list(db.execute(old).scalars())
    for some in chunks(found, 100):  # short transactions: syncs go on beside
        with ws.store.write(("upkeep",)) as db:
            db.execute(pages.delete().where(pages.c.run.in_(some)))
    return len(found)


def retention(ws: Workspace, days: float = RETENTION_DAYS) -> int:
    """Delete steps and ended writes older than `days`; return how many writes.

    What a write did stays in the journal, and each stream keeps its newest steps: they say when it was last
    read and last compared as a whole. A write whose refusal is still listed stays too, as its reason.
    """
    steps, intents, refused = table(Step), table(Intent), table(Rejected)
    limit = later(ws.clock(), -days * 86_400)
    newest = select(steps.c.step, steps.c.member, steps.c.compared, func.max(steps.c.started_at)).group_by(
        steps.c.step, steps.c.member, steps.c.compared
    )
    listed = exists().where(
        refused.c.connection == intents.c.connection,
        refused.c.stream == intents.c.stream,
        refused.c.step == "push",
        or_(refused.c.key == intents.c.slot, refused.c.key == intents.c.profile),
    )
    with ws.store.write(("upkeep",)) as db:
        kept = tuple_(steps.c.step, steps.c.member, steps.c.compared, steps.c.started_at).in_(newest)
        db.execute(steps.delete().where(steps.c.started_at < limit, ~kept))
        return int(db.execute(intents.delete().where(intents.c.ended_at < limit, ~listed)).rowcount)


def release(ws: Workspace) -> int:
    """Let everything go on whose parent has come, in whatever run; return how many."""
    released = 0
    with ws.store.write() as db:
        for entity in dict.fromkeys(plan.entity for plan in ws.plans):
            released += parking.release(db, entity)
        for plan in ws.plans:
            released += sum(renewal.release(db, member) for member in plan.between if member.write)
    return released


def retry(ws: Workspace) -> int:
    """Forget the refusals and doubles that came right in another way, make the others due again; return how many those were."""
    doubles.forget(ws)
    refusals.forget(ws)
    return refusals.retry(ws)


def close(ws: Workspace, hours: float = ABANDONED_HOURS) -> int:
    """Close the runs nobody reported on, killed and never run again; return how many."""
    runs, steps, now = table(Run), table(Step), ws.clock()
    since = later(now, -hours * 3600)
    alive = exists().where(
        steps.c.run == runs.c.id, or_(steps.c.started_at >= since, steps.c.ended_at >= since)
    )
    abandoned = (runs.c.state == "running", runs.c.started_at < since, ~alive)
    with ws.store.write() as db:
        closed = db.execute(update(runs).where(*abandoned).values(state="failed", ended_at=now))
        return int(closed.rowcount)


def verify(ws: Workspace) -> None:
    """Return if the journal's chain holds from its first entry to its last."""
    with ws.store.read() as db:
        wrong = list(journal.verify(db))
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise JournalBroken(
            f"The journal was changed: {'; '.join(wrong[:5])}{more}. docs/back-up.md says what to do."
        )
