"""What a target's answer means for the store: what it now holds, and what is to be listed or done again."""

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import Connection, select

from crossroads import journal
from crossroads.canonical import Document
from crossroads.engine import deletes, echo, parking, words
from crossroads.engine.belonging import belongs, holder
from crossroads.engine.blocks import lock
from crossroads.engine.due import note_due
from crossroads.engine.echo import Held, Together
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.raw import original, unpack
from crossroads.engine.rereading import shown, store, untaken
from crossroads.engine.spelling import alike
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.records import Record, Written
from crossroads.store import newid
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Contribution, Link, Profile, Rejected

_rejected = Bulk(Rejected, ("connection", "stream", "key", "step", "reasons", "at", "run", "digest"))


def written(
    db: Connection, job: Job, claim: Claim, result: Written, *, at: str, sought: bool = False
) -> None:
    """Store what the target now holds, as an echo of ours, and link a new record to its profile.

    A record that was `sought` after its answer was lost, or whose create was repeated, may have been changed by somebody since.
    """
    made, key = not claim.slot, _key(job.lens, result)
    if made:
        parking.go_on(db, *job.place, [claim.profile])  # it may have waited for a person to look it up
        claim = claim._replace(profile=holder(db, claim))
    before = echo.held(db, job.member, [key]).get(key)
    old = before or Held(newid(), {}, {}, {}, {}, at, None)
    document = shown(job.lens, result.record, {**old.holds, **claim.document})
    together = job.together
    ours = (
        _unchanged(claim.document, document, old.holds, together) if sought and document else claim.document
    )
    times = _times(db, claim)
    blocked = lock(result.record or {}, job.stream.blocked)
    # What a record says that is blocked by now is no news, but for what it made of ours.
    shows = {path: document[path] for path in ours if path in document} if blocked and document else document
    held = _answered(old, ours, shows, together, at, made=made, times=times)
    rows = table(Contribution)
    if result.record is not None:
        content = original(result.record)
    elif before is not None:
        known = db.execute(select(rows.c.raw, rows.c.dictionary).where(rows.c.id == before.id)).one()
        content = orjson.dumps(merged(unpack(db, known.raw, known.dictionary), claim.patch["record"]))
    else:
        content = orjson.dumps(claim.patch["record"])
    # Without the record the copy is what it should be by now, not what it is: no version says that we have seen it.
    seen = result.record is not None
    token = result.version if job.stream.version and seen else None
    dirty = int(made or held.differs or bool(old.dirty) or blocked is not None)
    store(db, job, key, held, content, token=token, seen=seen, blocked=blocked, dirty=dirty)
    if made:
        belongs(db, job, claim, key, old.id, at=at)
        deletes.weigh(db, job.member, key)
    _healed(db, job.member, [claim.slot or claim.profile])
    there = document or {}
    ignored = [p for p, value in ours.items() if value is not None and there.get(p, value) is None]
    untaken(db, job, key, ignored, at=at)
    _overtaken(db, job.member, job.lens, old.id, ours)
    told = {"to": f"{job.member.name}/{key}", "intent": claim.id, "fields": sorted(claim.document)}
    journal.append(db, [journal.Line("write", claim.profile, told)], run=job.run, at=at)


def _times(db: Connection, claim: Claim) -> dict[str, str]:
    """Return when the golden values that we wrote were said, by path."""
    rows = table(Profile)
    provenance = db.execute(select(rows.c.provenance).where(rows.c.id == claim.profile)).scalar()
    return {path: why[2] for path, why in orjson.loads(provenance or "{}").items() if path in claim.document}


def _answered(
    old: Held,
    values: Document,
    document: Document | None,
    together: Together,
    at: str,
    *,
    made: bool,
    times: Mapping[str, str],
) -> Held:
    """Return what is true after a system answered a write; what it derives beside a value of ours is an echo too."""
    if document is None:
        return old.wrote(values, None, made=made, times=times)
    groups = {together(path) for path in values} - {None}
    other = {
        path: value for path, value in document.items() if path not in values and value != old.holds.get(path)
    }
    derived = {path: old.holds.get(path) for path in other if together(path) in groups}
    rest = {path: value for path, value in other.items() if path not in derived}
    heard = old.told(rest, None, at, together)
    wrote = heard.wrote({**derived, **values}, document, made=made, times=times)
    return wrote._replace(differs=heard.differs)


def merged(record: Record, patch: Record) -> Record:
    """Return a record with a patch laid over it; a list is only known again when it was read."""
    both = {name: value for name, value in patch.items() if not isinstance(value, list)}
    nested = {
        name: merged(record[name], value)
        for name, value in both.items()
        if isinstance(value, dict) and isinstance(record.get(name), dict)
    }
    return {**record, **both, **nested}


def _unchanged(wrote: Document, shown: Document, held: Document, together: Together) -> Document:
    """Return what of our values nobody changed since; of an address either all or none.

    Another value beside ours in an address may be derived from it, or somebody's edit since. Taken for the system's own word
    a derived one costs nothing but an echo; an edit taken for a derived one would be lost.
    """
    before = {**held, **wrote}
    other = {path for path, value in shown.items() if not alike(value, before.get(path))}
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
            note_due(db, [(member.connection, member.stream, found.id)])


def refused(db: Connection, job: Job, name: str, reasons: Sequence[str], *, at: str) -> None:
    """List a write that the target refused."""
    _rejected(db, [(*job.place, name, "push", words.listed(reasons), at, job.run, "")])


def _healed(db: Connection, member: Member, names: Sequence[str]) -> None:
    rows = table(Rejected)
    mine = (
        rows.c.connection == member.connection,
        rows.c.stream == member.stream,
        rows.c.step == "push",
        rows.c.key.in_(names),
    )
    db.execute(rows.delete().where(*mine))


def ask(db: Connection, job: Job, claim: Claim, why: str, *, at: str, reason: str = "person") -> None:
    """Park a write until a person decides."""
    told = (claim.profile, job.plan.entity, reason, f"a person: {why}")
    parking.wait(db, *job.place, *told, run=job.run, at=at)
