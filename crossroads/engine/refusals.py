"""Writes that a target refused: forget those that came right in another way, and try the others again, not for ever.

A refusal may have had a cause that passes: a locked record, a code that was missing on the other side. It is tried again
while it is the same write; a profile that changes meanwhile makes a new write, which counts from its beginning.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.engine import unmapped
from crossroads.engine.due import note_due
from crossroads.engine.parts import Part, contributions
from crossroads.engine.wanted import unsaid
from crossroads.engine.workspace import Workspace
from crossroads.plan import Member
from crossroads.store.clock import later
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Intent, Link, Profile, Rejected, Repair

TRIES = 5
AFTER_SECONDS = 3600.0


class Refusal(NamedTuple):
    """One refused write: its profile, if that lives, the target's record, if there was one, and our mapping."""

    key: str
    at: str
    mapping: str
    profile: str | None
    slot: str


def retry(ws: Workspace, after: float = AFTER_SECONDS, tries: int = TRIES) -> int:
    """Make due again what was refused longer than `after` seconds ago; return how many profiles that were.

    A write that was sent is tried until it was refused `tries` times. One that our own mapping could not say
    is tried once that mapping is another.
    """
    found = 0
    with ws.store.write() as db:
        before = later(ws.clock(), -after)
        for member in _targets(ws):
            version = ws.lens(member.connection, member.stream).version
            again = set()
            for one in listed(db, member):
                sent = attempts(db, member, one)
                if one.profile and one.at < before and (sent < tries if sent else one.mapping != version):
                    again.add(one.profile)
            note_due(db, [(member.connection, member.stream, profile) for profile in sorted(again)])
            found += len(again)
    return found


def forget(ws: Workspace) -> int:
    """Delete the refusals of writes that nobody needs any more; return how many.

    The target says by now what it refused to be told, the record or its profile is no more, or the person who was to
    be created there was found there.
    """
    found = 0
    with ws.store.write() as db:
        for member in _targets(ws):
            refused = list(listed(db, member))
            golden = _golden(db, [one.profile for one in refused if one.profile])
            parts = contributions(db, sorted(golden))
            moot = [one.key for one in refused if _moot(ws, member, one, golden, parts)]
            rows = table(Rejected)
            mine = (
                rows.c.connection == member.connection,
                rows.c.stream == member.stream,
                rows.c.step == "push",
            )
            for some in chunks(moot):
                db.execute(rows.delete().where(*mine, rows.c.key.in_(some)))
            found += len(moot)
    return found


def _targets(ws: Workspace) -> Iterator[Member]:
    return (member for plan in ws.plans for member in plan.between if member.write)


def listed(db: Connection, member: Member) -> Iterator[Refusal]:
    """Yield the refused writes of a target stream."""
    rejected, profile, rows, link = table(Rejected), table(Profile), table(Contribution), table(Link)
    here = (rows.c.connection == member.connection) & (rows.c.stream == member.stream)
    record = rejected.outerjoin(rows, here & (rows.c.key == rejected.c.key) & ~rows.c.gone)
    query = (
        select(rejected.c.key, rejected.c.at, rejected.c.digest, profile.c.id, link.c.profile)
        .select_from(
            record.outerjoin(link, link.c.contribution == rows.c.id).outerjoin(
                profile, profile.c.id == rejected.c.key
            )
        )
        .where(
            rejected.c.connection == member.connection,
            rejected.c.stream == member.stream,
            rejected.c.step == "push",
        )
        .order_by(rejected.c.key)
    )
    for key, at, mapping, created, holder in db.execute(query).all():
        yield Refusal(key, at, mapping, created or holder, "" if created else key)


def resting(db: Connection, member: Member) -> set[str]:
    """Return the profiles whose write to a stream waits for a person: refused `TRIES` times, or dropped and no other since."""
    capped = {one.profile for one in listed(db, member) if one.profile and attempts(db, member, one) >= TRIES}
    return capped | set(_dropped(db, member))


def _dropped(db: Connection, member: Member) -> Iterator[str]:
    rows, profile, intent, part, link = (
        table(Repair), table(Profile), table(Intent), table(Contribution), table(Link)
    )  # fmt: skip
    here = (part.c.connection == member.connection) & (part.c.stream == member.stream)
    query = (
        select(rows.c.id, rows.c.key, profile.c.id, link.c.profile)
        .select_from(
            rows.outerjoin(part, here & (part.c.key == rows.c.key) & ~part.c.gone)
            .outerjoin(link, link.c.contribution == part.c.id)
            .outerjoin(profile, profile.c.id == rows.c.key)
        )
        .where(
            rows.c.connection == member.connection,
            rows.c.stream == member.stream,
            rows.c.step == "push",
            rows.c.state == "dropped",
        )
    )
    for made, key, created, holder in db.execute(query).all():
        since = select(intent.c.id).where(
            intent.c.connection == member.connection,
            intent.c.stream == member.stream,
            intent.c.profile == (created or holder),
            intent.c.slot == ("" if created else key),
            intent.c.id > made,  # ids sort by time
        )
        if (created or holder) and db.execute(since.limit(1)).first() is None:
            yield created or holder


def attempts(db: Connection, member: Member, refusal: Refusal) -> int:
    """Return how often the same write was sent and refused, to this day."""
    rows = table(Intent)
    query = (
        select(rows.c.state, rows.c.document)
        .where(
            rows.c.connection == member.connection,
            rows.c.stream == member.stream,
            rows.c.profile == refusal.profile,
            rows.c.slot == refusal.slot,
        )
        .order_by(rows.c.id.desc())
    )
    count, document = 0, None
    for state, content in db.execute(query):
        if state == "superseded":
            continue
        if state != "rejected" or (document is not None and content != document):
            break
        count, document = count + 1, content
    return count


def _golden(db: Connection, profiles: list[str]) -> dict[str, Document]:
    rows = table(Profile)
    query = select(rows.c.id, rows.c.document)
    return {
        identity: orjson.loads(content)
        for some in chunks(profiles)
        for identity, content in db.execute(query.where(rows.c.id.in_(some)))
    }


def _moot(
    ws: Workspace,
    member: Member,
    refusal: Refusal,
    golden: Mapping[str, Document],
    parts: Mapping[str, list[Part]],
) -> bool:
    profile = refusal.profile
    if profile is None or profile not in golden:
        return True
    place = (member.connection, member.stream)
    held = [
        part for part in parts.get(profile, []) if (part.connection, part.stream) == place and not part.gone
    ]
    if not refusal.slot:
        return bool(held)
    lens = ws.lens(*place)
    mine = [part for part in held if part.key == refusal.slot]
    words = unmapped.words(part.held for part in parts.get(profile, ()))
    return not any(unsaid(part, lens, golden[profile], words=words) for part in mine)
