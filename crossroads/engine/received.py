"""What a target's answer means for the store: what it now holds, whose record that is, and what is to be asked or done again."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import orjson
import zstandard
from sqlalchemy import Connection, select
from xxhash import xxh3_128_hexdigest

from crossroads import journal
from crossroads.canonical import Document
from crossroads.engine import echo, parking
from crossroads.engine.echo import Held, Together
from crossroads.engine.ledger import Claim
from crossroads.engine.raw import unpack
from crossroads.engine.settle import settle
from crossroads.engine.workspace import Workspace
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import Found, Record, Stream, Written
from crossroads.store import newid
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Assertion, Contribution, Due, Link, Notice, Rejected

_contribution = Bulk(
    Contribution,
    ("id", "entity", "connection", "stream", "key", "version", "digest", "mapping", "holds", "said", "echo", "since", "said_at",
     "changed_at", "raw", "dictionary", "signature", "gone", "dirty", "run"),
    conflict=("connection", "stream", "key"),
    update=("version", "digest", "holds", "said", "echo", "since", "changed_at", "raw", "dictionary", "dirty", "run"),
)  # fmt: skip
_link = Bulk(Link, ("contribution", "profile", "evidence", "at", "run"), update=())
_assertion = Bulk(Assertion, ("a", "b", "kind", "why", "at"), update=())
_due = Bulk(Due, ("connection", "stream", "profile"), update=())
_rejected = Bulk(Rejected, ("connection", "stream", "key", "step", "reasons", "at", "run", "digest"))
_notice = Bulk(Notice, ("connection", "stream", "key", "path", "reason", "at", "run"))
_pack = zstandard.ZstdCompressor(level=1).compress


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


def version(stream: Stream, record: Record) -> str | None:
    """Return the version token of a record, where the stream has one."""
    return record.get(stream.version) if stream.version else None


def shown(lens: Lens, record: Record | None) -> Document | None:
    """Return what a record says, or None where it was not shown or cannot be read."""
    try:
        return lens.get(record) if record is not None else None
    except RecordRejected:
        return None


def says(lens: Lens, record: Record, claim: Claim) -> bool:
    """Tell whether a record already says what an intent was to make it say."""
    document = shown(lens, record) or {}
    return all(echo.alike(document.get(path), value) for path, value in claim.document.items())


def written(
    db: Connection,
    ws: Workspace,
    plan: Plan,
    member: Member,
    lens: Lens,
    claim: Claim,
    result: Written,
    *,
    run: str,
    at: str,
) -> None:
    """Store what the target now holds, as an echo of ours, and link a new record to its profile."""
    document = shown(lens, result.record)
    key = lens.key(result.record) if result.record is not None else result.key
    before = echo.held(db, member, [key]).get(key)
    old = before or Held(newid(), {}, {}, {}, {}, at, None)
    held = _answered(old, claim.document, document, partial(ws.survivorship.together, plan.entity), at)
    rows = table(Contribution)
    if result.record is not None:
        payload = orjson.dumps(result.record)
        raw, dictionary, digest = _pack(payload), None, xxh3_128_hexdigest(payload)
    elif before is not None:
        known = db.execute(select(rows.c.raw, rows.c.dictionary).where(rows.c.id == before.id)).one()
        raw, dictionary, digest = (
            known.raw,
            known.dictionary,
            "",
        )  # not what it holds now: the next read stores a true copy
    else:
        raw, dictionary, digest = _pack(orjson.dumps(claim.patch["record"])), None, ""
    dirty = int(before is None or held.differs or bool(old.dirty))
    _contribution(db, [(old.id, plan.entity, member.connection, member.stream, key, result.version, digest, lens.version,
                        *held.row(), raw, dictionary, "", False, dirty, run)])  # fmt: skip
    if before is None:
        _belongs(db, member, claim, key, old.id, run=run, at=at)
    _healed(db, member, [claim.slot or claim.profile])
    told = {"to": f"{member.name}/{key}", "intent": claim.id, "fields": sorted(claim.document)}
    journal.append(db, [journal.Line("write", claim.profile, told)], run=run, at=at)


def _answered(old: Held, values: Document, document: Document | None, together: Together, at: str) -> Held:
    """Return what is true after a system answered a write; what it derives beside a value of ours is an echo too."""
    if document is None:
        return old.wrote(values, None)
    groups = {together(path) for path in values} - {None}
    other = {
        path: value for path, value in document.items() if path not in values and value != old.holds.get(path)
    }
    derived = {path: old.holds.get(path) for path in other if together(path) in groups}
    rest = {path: value for path, value in other.items() if path not in derived}
    heard = old.told(rest, None, at, together)
    return replace(heard.wrote({**derived, **values}, document), differs=heard.differs)


def _belongs(
    db: Connection, member: Member, claim: Claim, key: str, contribution: str, *, run: str, at: str
) -> None:
    """Link a record we made to the profile it was made for, and assert it: it says nothing of its own that could link it."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(rows.c.connection, rows.c.stream, rows.c.key)
        .join(link, link.c.contribution == rows.c.id)
        .where(link.c.profile == claim.profile, rows.c.id != contribution)
        .order_by(rows.c.id)
        .limit(1)
    )
    source = db.execute(query).first()
    mine = f"{member.connection}/{member.stream}/{key}"
    if source is not None:
        a, b = sorted((mine, "/".join(source)))
        _assertion(db, [(a, b, "created", f"intent {claim.id}", at)])
    evidence = orjson.dumps([["/".join(source) if source else "", "created"]]).decode()
    _link(db, [(contribution, claim.profile, evidence, at, run)])


def reread(
    db: Connection,
    ws: Workspace,
    plan: Plan,
    member: Member,
    lens: Lens,
    stream: Stream,
    claim: Claim,
    record: Record | None,
    *,
    run: str,
    at: str,
) -> None:
    """Take in a record that is not as we last saw it, and let its profile be settled and planned again."""
    document = shown(lens, record)
    before = echo.held(db, member, [claim.slot]).get(claim.slot)
    if record is not None and document is not None and before is not None:
        changed = lens.changed_at(record)
        held = before.told(document, changed, at, partial(ws.survivorship.together, plan.entity))
        payload = orjson.dumps(record)
        _contribution(db, [(before.id, plan.entity, member.connection, member.stream, claim.slot, version(stream, record),
                            xxh3_128_hexdigest(payload), lens.version, *held.row(), _pack(payload), None, "", False,
                            max(before.dirty, int(held.differs)), run)])  # fmt: skip
        if held.differs:
            settle(db, ws, plan.entity, [claim.profile], run=run, at=at)
    _due(db, [(member.connection, member.stream, claim.profile)])


def refused(db: Connection, member: Member, name: str, reasons: Sequence[str], *, run: str, at: str) -> None:
    """List a write that the target refused."""
    _rejected(
        db,
        [(member.connection, member.stream, name, "push", orjson.dumps(list(reasons)).decode(), at, run, "")],
    )


def _healed(db: Connection, member: Member, names: Sequence[str]) -> None:
    rows = table(Rejected)
    mine = (
        rows.c.connection == member.connection,
        rows.c.stream == member.stream,
        rows.c.step == "push",
        rows.c.key.in_(names),
    )
    db.execute(rows.delete().where(*mine))


def ask(
    db: Connection,
    plan: Plan,
    member: Member,
    claim: Claim,
    why: str,
    *,
    run: str,
    at: str,
    reason: str = "person",
) -> None:
    """Park a write until a person decides."""
    parking.wait(
        db,
        member.connection,
        member.stream,
        claim.profile,
        plan.entity,
        reason,
        f"a person: {why}",
        run=run,
        at=at,
    )


def doubles(
    db: Connection, member: Member, claim: Claim, found: Sequence[Found], *, run: str, at: str
) -> None:
    """Report both records when a look-up finds two."""
    if len(found) > 1:
        keys = ", ".join(one.key for one in found)
        reason = (
            f"The look-up of one create found {len(found)} records ({keys}): merge or delete all "
            f"but one in {member.connection}."
        )
        _notice(db, [(member.connection, member.stream, found[0].key, "(record)", reason, at, run)])
