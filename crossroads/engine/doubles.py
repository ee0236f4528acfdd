"""Records that one create left twice: listed until a person has merged or deleted all but one."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.workspace import Workspace
from crossroads.records import Found
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Assertion, Contribution, Link, Notice

WHOLE = "(record)"
"""The path of a notice that is about a record, not a field: reading it anew says nothing about it."""

_assertion = Bulk(Assertion, ("a", "b", "kind", "why", "at"), update=())
_notice = Bulk(Notice, ("connection", "stream", "key", "path", "reason", "at", "run"))


def listed(db: Connection, job: Job, claim: Claim, found: Sequence[Found], *, at: str) -> None:
    """List all records when a look-up finds more than one; they are one person's, whatever they say."""
    if len(found) > 1:
        keys = ", ".join(one.key for one in found)
        reason = (
            f"The look-up of one create found {len(found)} records ({keys}): merge or delete all "
            f"but one in {job.member.connection}."
        )
        _notice(db, [(*job.place, found[0].key, WHOLE, reason, at, job.run)])
        first, *others = [f"{job.member.connection}/{job.member.stream}/{one.key}" for one in found]
        why = f"doubled by intent {claim.id}"
        _assertion(db, [(*sorted((first, other)), "must", why, at) for other in others])


def forget(ws: Workspace) -> int:
    """Delete the notices of doubles of whom one is left; return how many."""
    rows, part, link = table(Notice), table(Contribution), table(Link)
    here = (part.c.connection == rows.c.connection) & (part.c.stream == rows.c.stream)
    mine = select(rows.c.connection, rows.c.stream, rows.c.key, link.c.profile).where(rows.c.path == WHOLE)
    noted = mine.join(part, here & (part.c.key == rows.c.key)).join(link, link.c.contribution == part.c.id)
    living = select(func.count()).select_from(part.join(link, link.c.contribution == part.c.id))
    gone = 0
    with ws.store.write() as db:
        for connection, stream, key, profile in db.execute(noted).all():
            there = living.where(part.c.connection == connection, part.c.stream == stream, ~part.c.gone)
            if db.execute(there.where(link.c.profile == profile)).scalar_one() < 2:
                one = (rows.c.connection == connection, rows.c.stream == stream, rows.c.key == key)
                gone += db.execute(rows.delete().where(*one, rows.c.path == WHOLE)).rowcount
    return gone
