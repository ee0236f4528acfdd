"""The table of what differs: kept up to date by each comparison, and ended by the first that does not see a thing any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, or_, select, update

from crossroads.engine.listing import Listing
from crossroads.engine.reconcile_found import Found, Stream
from crossroads.engine.reconcile_store import waiting
from crossroads.plan import Member
from crossroads.store.clock import later
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Contribution, Drift, Intent, Link, Profile

KEEP_DAYS = 90.0
_SEEN = ("connection", "stream", "kind", "name", "profile", "fields", "why", "disagrees", "digest", "first_seen",
         "last_seen", "run")  # fmt: skip
_drift = Bulk(Drift, _SEEN, update=("profile", "fields", "why", "disagrees", "digest", "last_seen", "run"))


@dataclass(frozen=True, slots=True)
class Open:
    """Something that differed when it was last looked at and, as far as the store knows, still does."""

    connection: str
    stream: str
    kind: str
    name: str
    profile: str | None
    fields: Sequence[str]
    why: str
    disagrees: bool
    first_seen: str
    last_seen: str
    run: str


def keep(
    db: Connection, stream: Stream, member: Member | None, found: Sequence[Found], *, run: str, at: str
) -> None:
    """Note what differs; what ended once and is back begins anew."""
    if not found:
        return
    rows = table(Drift)
    reasons: dict[str, str] = {}
    if member is not None:
        profiles = [one.profile for one in found if one.profile]
        reasons = waiting(db, member, [one.name for one in found], profiles)
    for some in chunks([one.name for one in found]):
        mine = (rows.c.connection == stream.connection, rows.c.stream == stream.stream, rows.c.name.in_(some))
        db.execute(rows.delete().where(*mine, rows.c.ended_at.is_not(None)))
    _drift(
        db,
        [
            (stream.connection, stream.stream, one.kind, one.name, one.profile, orjson.dumps(list(one.fields)).decode(),
             one.why or _why(one, reasons), one.disagrees, one.digest, at, at, run)
            for one in found
        ],
    )  # fmt: skip


def _why(one: Found, reasons: dict[str, str]) -> str:
    if one.kind not in ("drift", "missing"):
        return ""
    return reasons.get(one.profile or "") or reasons.get(one.name, "")


def end(db: Connection, stream: Stream, came: Listing, *, run: str, at: str) -> dict[str, int]:
    """End what this comparison did not see any more; return how much of each kind.

    Where the listing proves no absence, what came or did not depend on it has come right; nobody knows of the rest.
    """
    rows = table(Drift)
    mine = (rows.c.connection == stream.connection, rows.c.stream == stream.stream)
    query = select(rows.c.kind, rows.c.name).where(*mine, rows.c.ended_at.is_(None), rows.c.run != run)
    listed = ("missed", "stale", "vanished", "drift")
    over: dict[str, list[str]] = {}
    for kind, name in db.execute(query).all():
        if stream.doubt is None or kind not in listed or name in came:
            over.setdefault(kind, []).append(name)
    for kind, names in over.items():
        for some in chunks(names):
            db.execute(
                update(rows).where(*mine, rows.c.kind == kind, rows.c.name.in_(some)).values(ended_at=at)
            )
    db.execute(rows.delete().where(*mine, rows.c.ended_at < later(at, -KEEP_DAYS * 86_400)))
    return {kind: len(names) for kind, names in over.items()}


def standing(db: Connection) -> list[Open]:
    """Return what still differs, the oldest first: what was taken in, linked or written since is left out.

    So that a status read between two comparisons is true, without asking any system.
    """
    rows = table(Drift)
    query = select(rows).where(rows.c.ended_at.is_(None), ~or_(*_mended(rows)))
    order = (rows.c.first_seen, rows.c.connection, rows.c.stream, rows.c.kind, rows.c.name)
    return [
        Open(row.connection, row.stream, row.kind, row.name, row.profile, orjson.loads(row.fields), row.why,
             row.disagrees, row.first_seen, row.last_seen, row.run)
        for row in db.execute(query.order_by(*order))
    ]  # fmt: skip


def counted(db: Connection) -> dict[tuple[str, str], dict[str, int]]:
    """Return how many things of each kind still make each stream disagree."""
    rows = table(Drift)
    mine = (rows.c.ended_at.is_(None), rows.c.disagrees, ~or_(*_mended(rows)))
    query = select(rows.c.connection, rows.c.stream, rows.c.kind, func.count()).where(*mine)
    found: dict[tuple[str, str], dict[str, int]] = {}
    for connection, stream, kind, count in db.execute(
        query.group_by(rows.c.connection, rows.c.stream, rows.c.kind)
    ):
        found.setdefault((connection, stream), {})[kind] = count
    return found


def _mended(rows: Table) -> Iterator[ColumnElement[bool]]:
    """Yield what tells of each kind that it came right since it was last seen."""
    known, link, profiles, intent = table(Contribution), table(Link), table(Profile), table(Intent)
    here = and_(known.c.connection == rows.c.connection, known.c.stream == rows.c.stream)
    record = and_(here, known.c.key == rows.c.name)
    linked = link.join(known, known.c.id == link.c.contribution)
    yield exists().where(
        record, rows.c.kind.in_(("stale", "missed")), ~known.c.gone, known.c.digest == rows.c.digest
    )
    yield exists().where(record, rows.c.kind == "vanished", known.c.gone)
    yield (
        exists()
        .select_from(linked.join(profiles, profiles.c.id == link.c.profile))
        .where(record, rows.c.kind == "orphan")
    )
    yield (
        exists()
        .select_from(linked)
        .where(here, rows.c.kind == "missing", link.c.profile == rows.c.profile, ~known.c.gone)
    )
    yield exists().where(
        intent.c.connection == rows.c.connection,
        intent.c.stream == rows.c.stream,
        intent.c.state == "written",
        intent.c.id > rows.c.run,  # ids grow with time, and the index over them ends with the id
        or_(intent.c.profile == rows.c.profile, intent.c.slot == rows.c.name),
        rows.c.kind.in_(("drift", "stale", "missed")),
    )
