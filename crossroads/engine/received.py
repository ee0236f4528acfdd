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
from crossroads.engine.raw import original, unpack
from crossroads.engine.settle import settle
from crossroads.engine.workspace import Workspace
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import Found, Record, Stream, Written
from crossroads.store import newid
from crossroads.store.clock import widened
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import (
    Assertion,
    Contribution,
    Due,
    Lineage,
    Link,
    Notice,
    Profile,
    Rejected,
)

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
_IGNORED = (
    "The system was told a value for this field and shows none: it does not take it. Make it writable there, or "
    "say flow: in in the mapping."
)
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
    sought: bool = False,
) -> None:
    """Store what the target now holds, as an echo of ours, and link a new record to its profile.

    A record that was `sought` after its answer was lost may have been changed by somebody since.
    """
    document, made = shown(lens, result.record), not claim.slot
    if made:
        claim = claim._replace(profile=holder(db, claim))
    key = _key(lens, result)
    before = echo.held(db, member, [key]).get(key)
    old = before or Held(newid(), {}, {}, {}, {}, at, None)
    together = partial(ws.survivorship.together, plan.entity)
    ours = _unchanged(claim.document, document, together) if sought and document else claim.document
    held = _answered(old, ours, document, together, at, made=made)
    rows = table(Contribution)
    if result.record is not None:
        payload = original(result.record)
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
    dirty = int(made or held.differs or bool(old.dirty))
    _contribution(db, [(old.id, plan.entity, member.connection, member.stream, key, result.version, digest, lens.version,
                        *held.row(), raw, dictionary, "", False, dirty, run)])  # fmt: skip
    if made:
        _belongs(db, member, claim, key, old.id, run=run, at=at)
    _healed(db, member, [claim.slot or claim.profile])
    seen = document or {}
    ignored = [p for p, value in ours.items() if value is not None and seen.get(p, value) is None]
    _notice(db, [(member.connection, member.stream, key, path, _IGNORED, at, run) for path in ignored])
    _overtaken(db, member, lens, old.id, ours)
    told = {"to": f"{member.name}/{key}", "intent": claim.id, "fields": sorted(claim.document)}
    journal.append(db, [journal.Line("write", claim.profile, told)], run=run, at=at)


def _answered(
    old: Held, values: Document, document: Document | None, together: Together, at: str, *, made: bool
) -> Held:
    """Return what is true after a system answered a write; what it derives beside a value of ours is an echo too."""
    if document is None:
        return old.wrote(values, None, made=made)
    groups = {together(path) for path in values} - {None}
    other = {
        path: value for path, value in document.items() if path not in values and value != old.holds.get(path)
    }
    derived = {path: old.holds.get(path) for path in other if together(path) in groups}
    rest = {path: value for path, value in other.items() if path not in derived}
    heard = old.told(rest, None, at, together)
    return replace(heard.wrote({**derived, **values}, document, made=made), differs=heard.differs)


def _unchanged(wrote: Document, shown: Document, together: Together) -> Document:
    """Return what of our values nobody changed since; of an address either all or none."""
    other = {path for path, value in wrote.items() if path in shown and not echo.alike(shown[path], value)}
    groups = {together(path) for path in other} - {None}
    return {p: value for p, value in wrote.items() if p not in other and together(p) not in groups}


def _key(lens: Lens, result: Written) -> str:
    try:
        return lens.key(result.record) if result.record is not None else result.key
    except RecordRejected:
        return result.key


def _overtaken(db: Connection, member: Member, lens: Lens, contribution: str, wrote: Document) -> None:
    """Make a record due again whose profile has changed, or is another one, since the write was planned."""
    rows, link = table(Profile), table(Link)
    query = select(rows.c.id, rows.c.document).join(link, link.c.profile == rows.c.id)
    found = db.execute(query.where(link.c.contribution == contribution)).first()
    if found is not None:
        golden = orjson.loads(found.document)
        if any(golden.get(p, v) != v for p, v in wrote.items() if p not in lens.references):
            _due(db, [(member.connection, member.stream, found.id)])


def holder(db: Connection, claim: Claim, contribution: str | None = None) -> str:
    """Return the profile a write is about by now: that of its record, or the one its profile was merged into."""
    link, rows, lines = table(Link), table(Profile), table(Lineage)
    if contribution is not None:
        found = db.execute(select(link.c.profile).where(link.c.contribution == contribution)).scalar()
        if found is not None:
            return str(found)
    profile, seen = claim.profile, set[str]()
    while profile not in seen and db.execute(select(rows.c.id).where(rows.c.id == profile)).first() is None:
        seen.add(profile)
        query = select(lines.c.after).where(lines.c.before == profile, lines.c.kind == "merged")
        profile = db.execute(query.order_by(lines.c.id.desc()).limit(1)).scalar() or profile
    return profile


def there(db: Connection, member: Member, profile: str) -> bool:
    """Tell whether a profile has a living record in a target stream."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(rows.c.id)
        .join(link, link.c.contribution == rows.c.id)
        .where(
            link.c.profile == profile,
            rows.c.connection == member.connection,
            rows.c.stream == member.stream,
            ~rows.c.gone,
        )
    )
    return db.execute(query.limit(1)).first() is not None


def _belongs(
    db: Connection, member: Member, claim: Claim, key: str, contribution: str, *, run: str, at: str
) -> None:
    """Link a record we made to the profile it was made for, and assert it: it says nothing of its own that could link it.

    One that was read before its answer came may be taken for somebody else by now; the assertion brings it home.
    """
    rows, link = table(Contribution), table(Link)
    query = (
        select(rows.c.connection, rows.c.stream, rows.c.key)
        .join(link, link.c.contribution == rows.c.id)
        .where(link.c.profile == claim.profile, rows.c.id != contribution)
        .order_by(rows.c.gone, rows.c.id)
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
    profile = holder(db, claim, before.id if before else None)
    if record is not None and document is not None and before is not None:
        changed = lens.changed_at(record)
        held = before.told(
            document,
            widened(changed) if changed else None,
            at,
            partial(ws.survivorship.together, plan.entity),
        )
        payload = original(record)
        _contribution(db, [(before.id, plan.entity, member.connection, member.stream, claim.slot, version(stream, record),
                            xxh3_128_hexdigest(payload), lens.version, *held.row(), _pack(payload), None, "", False,
                            max(before.dirty, int(held.differs)), run)])  # fmt: skip
        if held.differs:
            settle(db, ws, plan.entity, [profile], run=run, at=at)
    _due(db, [(member.connection, member.stream, profile)])


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
    """Report all records when a look-up finds more than one; they are one person's, whatever they say."""
    if len(found) > 1:
        keys = ", ".join(one.key for one in found)
        reason = (
            f"The look-up of one create found {len(found)} records ({keys}): merge or delete all "
            f"but one in {member.connection}."
        )
        _notice(db, [(member.connection, member.stream, found[0].key, "(record)", reason, at, run)])
        first, *others = [f"{member.connection}/{member.stream}/{one.key}" for one in found]
        why = f"doubled by intent {claim.id}"
        _assertion(db, [(*sorted((first, other)), "must", why, at) for other in others])
