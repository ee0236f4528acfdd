"""Before a push plans: what an earlier attempt planned and never sent, and writes whose parent has come meanwhile."""

from sqlalchemy import Connection, exists, select

from crossroads.engine import ledger, parking
from crossroads.engine.due import note_due
from crossroads.plan import Member
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Lineage, Link, Parked, Profile

UNREAD = "unread"
"""Why a create waits whose target could not be read: it may be there already."""


def renew(db: Connection, member: Member, at: str) -> int:
    """Let what an earlier attempt planned and never sent be planned anew: its profile may be another now, or none.

    A create that may have been done keeps its id, repeated under another it would be done twice; what became of it
    is looked up first.
    """
    profiles = ledger.reopen(db, member.connection, member.stream, at=at)
    note_due(db, [(member.connection, member.stream, profile) for profile in profiles])
    return len(profiles)


def release(db: Connection, member: Member) -> int:
    """Make writes due again whose parent has meanwhile come to exist in the target, and those that waited for a read."""
    parked, rows, link = table(Parked), table(Contribution), table(Link)
    mine = (
        parked.c.connection == member.connection,
        parked.c.stream == member.stream,
        parked.c.step == "push",
    )
    query = select(parked.c.what, parked.c.waits_for).where(*mine)
    waiting = db.execute(query.where(parked.c.reason == "parent")).all()
    wanted: dict[str, set[str]] = {}
    for row in waiting:
        place, _, profile = row.waits_for.partition("#")
        wanted.setdefault(place, set()).add(profile)
    there: set[str] = set()
    for place, profiles in wanted.items():
        connection, stream = place.split("/")
        holders = select(link.c.profile).join(rows, rows.c.id == link.c.contribution)
        for some in chunks(sorted(profiles)):
            found = db.execute(
                holders.where(
                    link.c.profile.in_(some),
                    rows.c.connection == connection,
                    rows.c.stream == stream,
                    ~rows.c.gone,
                    rows.c.blocked.is_(None),
                )
            )
            there |= {f"{place}#{profile}" for (profile,) in found}
    # A parent that was merged into another is awaited under its former id; planned anew, it is awaited under its own.
    merged = _merged(db, {profile for profiles in wanted.values() for profile in profiles})
    ready = [
        row.what for row in waiting if row.waits_for in there or row.waits_for.partition("#")[2] in merged
    ]
    ready += [row.what for row in db.execute(query.where(parked.c.reason == UNREAD))]
    parking.go_on(db, member.connection, member.stream, ready)
    note_due(db, [(member.connection, member.stream, profile) for profile in ready])
    return len(ready)


def _merged(db: Connection, profiles: set[str]) -> set[str]:
    rows, golden = table(Lineage), table(Profile)
    alive = exists().where(golden.c.id == rows.c.before)
    query = select(rows.c.before).where(rows.c.kind == "merged", ~alive)
    return {
        before
        for some in chunks(sorted(profiles))
        for (before,) in db.execute(query.where(rows.c.before.in_(some)))
    }
