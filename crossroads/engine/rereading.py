"""What a record says now, beside what we last saw: read again before and after a write that is in doubt or in conflict."""

from collections.abc import Sequence
from contextlib import suppress

import zstandard
from sqlalchemy import Connection, select
from xxhash import xxh3_128_hexdigest

from crossroads.canonical import Document
from crossroads.engine import belonging, echo
from crossroads.engine.blocks import lock, silenced
from crossroads.engine.due import note_due
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.raw import original, unpack
from crossroads.engine.settle import settle
from crossroads.engine.spelling import alike
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.records import Record, Stream
from crossroads.store.clock import widened
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Contribution, Notice

_contribution = Bulk(
    Contribution,
    ("id", "entity", "connection", "stream", "key", "version", "digest", "mapping", "holds", "said", "echo", "since", "said_at",
     "changed_at", "replaced", "raw", "dictionary", "signature", "gone", "blocked", "dirty", "turn", "run"),
    conflict=("connection", "stream", "key"),
    update=("version", "digest", "holds", "said", "echo", "since", "changed_at", "replaced", "raw", "dictionary", "blocked",
            "dirty", "turn", "run"),
)  # fmt: skip
_notice = Bulk(Notice, ("connection", "stream", "key", "path", "reason", "at", "run"))
_IGNORED = (
    "The system was told a value for this field and shows none: it does not take it. Make it writable there, or "
    "say flow: in in the mapping."
)
_pack = zstandard.ZstdCompressor(level=1).compress


def store(
    db: Connection,
    job: Job,
    key: str,
    held: echo.Held,
    content: bytes,
    *,
    token: str | None,
    seen: bool,
    blocked: str | None,
    dirty: int,
) -> None:
    """Store what one record holds now, with its content; has nobody `seen` it, no digest says that we know it."""
    digest = xxh3_128_hexdigest(content) if seen else ""
    _contribution(db, [(held.id, job.plan.entity, *job.place, key, token, digest, job.lens.version, *held.row(),
                        _pack(content), None, "", False, blocked, dirty, job.turns.take(db), job.run)])  # fmt: skip


def bases(db: Connection, member: Member, keys: Sequence[str]) -> dict[str, Record]:
    """Return the raw copies of records that are about to be changed."""
    rows = table(Contribution)
    query = select(rows.c.key, rows.c.raw, rows.c.dictionary).where(
        rows.c.connection == member.connection, rows.c.stream == member.stream
    )
    found = {}
    for some in chunks(keys):
        for key, raw, dictionary in db.execute(query.where(rows.c.key.in_(some))).all():
            found[key] = unpack(db, raw, dictionary)
    return found


def digests(db: Connection, member: Member, keys: Sequence[str]) -> dict[str, str]:
    """Return the digests of the content of records as last seen; empty for what we wrote without seeing it."""
    rows = table(Contribution)
    query = select(rows.c.key, rows.c.digest).where(
        rows.c.connection == member.connection, rows.c.stream == member.stream
    )
    return {
        row.key: row.digest for some in chunks(keys) for row in db.execute(query.where(rows.c.key.in_(some)))
    }


def version(stream: Stream, record: Record | None) -> str | None:
    """Return the version token of a record, where the stream has one."""
    return record.get(stream.version) if record and stream.version else None


def shown(lens: Lens, record: Record | None, held: Document) -> Document | None:
    """Return what a record says, the `held` items that are in its lists no more included; None where it cannot be read."""
    try:
        return lens.completed(record, lens.get(record), held) if record is not None else None
    except RecordRejected:
        return None


def says(lens: Lens, record: Record, claim: Claim) -> bool:
    """Tell whether a record already says what an intent was to make it say."""
    document = shown(lens, record, {}) or {}
    return all(alike(document.get(path), value) for path, value in claim.document.items())


def reread(
    db: Connection, job: Job, claim: Claim, record: Record | None, *, at: str, again: bool = True
) -> None:
    """Take in a record as it is now; let its profile be settled if it says something new, and planned `again`.

    One that somebody else stored since it was asked for is left as it is stored: planned again, it is asked for again.
    """
    before = echo.held(db, job.member, [claim.slot]).get(claim.slot)
    document = shown(job.lens, record, before.holds if before else {})
    profile = belonging.holder(db, claim, before.id if before else None)
    overtaken = bool(job.turns.overlapping(db, [claim.slot]))
    if record is not None and document is not None and before is not None and not overtaken:
        changed, blocked = job.lens.changed_at(record), lock(record, job.stream.blocked)
        moved = widened(changed) if changed else None
        held = (
            silenced(before, document, moved, at)
            if blocked
            else before.told(document, moved, at, job.together)
        )
        token, dirty = version(job.stream, record), max(before.dirty, int(held.differs or bool(blocked)))
        content = original(record)
        store(db, job, claim.slot, held, content, token=token, seen=True, blocked=blocked, dirty=dirty)
        ours = [path for path, value in document.items() if value is None and held.echo.get(path, (None,))[0]]
        untaken(db, job, claim.slot, ours, at=at)
        if held.differs:
            settle(db, job.ws, job.plan.entity, [profile], run=job.run, at=at)
    if again:
        note_due(db, [(*job.place, profile)])


def untaken(db: Connection, job: Job, key: str, paths: Sequence[str], *, at: str) -> None:
    """List the fields that a system was told and shows empty."""
    _notice(db, [(*job.place, key, path, _IGNORED, at, job.run) for path in paths])


def fetched(job: Job, keys: Sequence[str]) -> dict[str, Record]:
    """Return records as they are now, by the key they were asked for, in one call.

    One that the system spells otherwise than it was asked for (`4711`, `0000004711`) is asked for by itself.
    """
    found: dict[str, Record] = {}
    for record in job.connector.fetch(job.stream, keys) if keys else ():
        with suppress(RecordRejected):
            found[job.lens.key(record)] = record
    if found.keys() - set(keys):
        missing = [key for key in keys if key not in found]
        alone = ((key, list(job.connector.fetch(job.stream, [key]))) for key in missing)
        found |= {key: records[0] for key, records in alone if len(records) == 1}
    return {key: found[key] for key in keys if key in found}


def now(job: Job, claim: Claim) -> Record | None:
    """Return the record an intent is about as it is now."""
    return next(iter(job.connector.fetch(job.stream, [claim.slot])), None)


def as_before(db: Connection, job: Job, claim: Claim, key: str, record: Record) -> bool:
    """Tell whether a record shows in a field that we wrote what it held before: it did not take it."""
    before = echo.held(db, job.member, [key]).get(key)
    document = shown(job.lens, record, {}) or {}
    return before is not None and any(
        path in document
        and document[path] == before.holds.get(path) != value
        and not alike(document[path], value)
        for path, value in claim.document.items()
    )
