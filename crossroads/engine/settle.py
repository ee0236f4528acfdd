"""Settle: compute the golden record of each touched profile, and queue the targets that say otherwise."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from crossroads import journal
from crossroads.canonical import Document
from crossroads.engine import decisions, echo, naming, reviews, unmapped
from crossroads.engine.due import note_due
from crossroads.engine.echo import Held
from crossroads.engine.survivorship import CONTESTED, Source, Won
from crossroads.engine.taken_out import staying
from crossroads.engine.unmapped import NOTHING, Words
from crossroads.engine.workspace import Workspace
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.store.session import Bulk, Delete, Lookup, chunks, table
from crossroads.store.tables import Contribution, Due, Link, Naming, Notice, Profile

_unlisted = Delete(Notice, ("connection", "stream", "key", "path"))
_profile = Bulk(Profile, ("id", "entity", "document", "provenance", "settled_at", "run"))
_settled = Lookup(Profile, ("id", "document", "provenance"), "id")
_links = Lookup(Link, ("contribution", "profile"), "profile")
_OWN = ("connection", "stream", "key", "mapping", "gone", "blocked")
_parts = Lookup(Contribution, (*_OWN, *echo.COLUMNS), "id")
_PLACE = itemgetter(0, 1, 2)


class Part(NamedTuple):
    """One contribution of a profile."""

    profile: str
    connection: str
    stream: str
    key: str
    mapping: str
    held: Held
    gone: bool = False
    blocked: str | None = None

    @property
    def silent(self) -> bool:
        """Tell whether the record is deleted or blocked: what it said is a former word, and nothing is sent to it."""
        return self.gone or self.blocked is not None

    def __repr__(self) -> str:
        return f"Part({self.address})"

    @property
    def address(self) -> str:
        """Return `connection/stream/key`."""
        return f"{self.connection}/{self.stream}/{self.key}"


def settle(
    db: Connection,
    ws: Workspace,
    entity: str,
    touched: Iterable[str],
    *,
    run: str,
    at: str,
    known: Mapping[str, Held] | None = None,
) -> int:
    """Settle the touched profiles; return how many changed. `known` are contributions that were read already."""
    changed, asks = 0, ws.survivorship.asks(entity)
    for some in chunks(sorted(touched), 1000):
        targets = [(m, ws.lens(m.connection, m.stream)) for m in ws.members(entity) if m.write]
        parts = contributions(db, some, known or {})
        before = _before(db, some)
        decided = decisions.of(db, (part.address for mine in parts.values() for part in mine))
        waiting: dict[str, set[str]] = {}
        rows, lines, due = [], [], []
        golden: dict[str, Document] = {}
        back: list[tuple[str, str, str, str]] = []
        for profile in some:
            mine = [part for part in parts.get(profile, ()) if (part.connection, part.stream) in ws.entities]
            if not any(not part.gone for part in mine):
                continue
            document, why = ws.survivorship.golden(entity, [source(ws, part) for part in mine], decided)
            golden[profile] = document
            open_ = contested(why) if asks else frozenset[str]()
            waiting[profile] = {ws.survivorship.unit(entity, path) for path in open_}
            old, old_why = before.get(profile, (None, {}))
            provenance = _provenance(document, why, old, old_why, run)
            if old != document or old_why != provenance:
                rows.append((profile, entity, _text(document), _text(provenance), at, run))
                lines.append(journal.Line("settle", profile, _difference(old, document, provenance)))
                if old is not None and (fresh := document.keys() - old.keys()):
                    back += _back(ws, mine, fresh)
            due += _due_targets(targets, profile, document, mine, open_)
        _profile(db, rows)
        note_due(db, due)
        naming.keep(db, ws, entity, golden)
        _unlisted(db, back)
        if asks:
            reviews.keep(db, entity, some, waiting, run=run, at=at)
        journal.append(db, lines, run=run, at=at)
        _forget(db, [profile for profile in some if all(part.gone for part in parts.get(profile, ()))])
        changed += len(rows)
    return changed


def _back(
    ws: Workspace, parts: Sequence[Part], fresh: Collection[str]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the list items of `fresh` paths, of every record: golden again, none of them stays behind any more."""
    for part in parts:
        for item in ws.lens(part.connection, part.stream).items(fresh):
            yield part.connection, part.stream, part.key, item


def contributions(
    db: Connection, profiles: Sequence[str], known: Mapping[str, Held] | None = None
) -> dict[str, list[Part]]:
    """Return the contributions of each profile, those that are gone included."""
    seen = known or {}
    profile = dict(_links(db, profiles))
    found: dict[str, list[Part]] = {}
    for row in sorted(_parts(db, profile), key=_PLACE):
        connection, stream, key, mapping, gone, blocked, identity, *_ = row
        held = seen.get(identity) or echo.read(row[len(_OWN) :])
        one = Part(profile[identity], connection, stream, key, mapping, held, bool(gone), blocked)
        found.setdefault(one.profile, []).append(one)
    return found


def addressed(part: Part, lens: Lens, document: Document) -> Document:
    """Return a document with its references as record addresses, which mean the same outside its system."""
    if not lens.references:
        return document
    result = dict(document)
    for path, reference in lens.references.items():
        if result.get(path):
            result[path] = f"{part.connection}/{reference.stream}/{result[path]}"
    return result


def source(ws: Workspace, part: Part) -> Source:
    """Return what one contribution says itself, as survivorship weighs it."""
    lens = ws.lens(part.connection, part.stream)
    return Source(
        id=part.held.id,
        address=part.address,
        system=lens.system,
        mapping=part.mapping,
        said=addressed(part, lens, part.held.own),
        said_at=part.held.said_at,
        since=part.held.since,
        readable=lens.readable,
        gone=part.silent,
        lists=lens.lists,
        lent=lens.items(part.held.echo.keys() - part.held.said) if part.held.echo else frozenset(),
    )


def _before(db: Connection, profiles: Sequence[str]) -> dict[str, tuple[Document, dict[str, list[Any]]]]:
    return {
        identity: (orjson.loads(document), orjson.loads(why))
        for identity, document, why in _settled(db, profiles)
    }


def _provenance(
    document: Document, why: dict[str, Won], old: Document | None, old_why: dict[str, list[Any]], run: str
) -> Any:
    """Return path -> [contribution, rule, time, run, mapping]; a field that came out as before keeps its run."""
    result: dict[str, list[Any]] = {}
    for path, (contribution, rule, said_at, mapping) in why.items():
        if (
            (former := old_why.get(path))
            and former[2] == said_at
            and former[0] == contribution
            and former[1] == rule
            and old
            and old.get(path) == document[path]
        ):
            result[path] = former
        else:
            result[path] = [contribution, rule, said_at, run, mapping]
    return result


def _difference(old: Document | None, new: Document, provenance: dict[str, list[Any]]) -> dict[str, Any]:
    if old is None:
        return {"new": sorted(new)}
    paths = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    return {path: [old.get(path), new.get(path), *provenance.get(path, [])[:2]] for path in paths}


def _due_targets(
    targets: Sequence[tuple[Member, Lens]],
    profile: str,
    document: Document,
    parts: Sequence[Part],
    open_: Collection[str],
) -> list[tuple[str, str, str]]:
    due: list[tuple[str, str, str]] = []
    if all(part.silent for part in parts):
        return due  # a blocked person is no news to anybody
    # Only what we wrote can be left behind by a line that is gone.
    words = unmapped.words(part.held for part in parts) if any(part.held.echo for part in parts) else NOTHING
    for member, lens in targets:
        held = [
            part for part in parts if (part.connection, part.stream) == (member.connection, member.stream)
        ]
        if living := [part for part in held if not part.silent]:
            differs = any(
                unsaid(part, lens, document, open_, words) or staying(lens, document, part.held, words)
                for part in living
            )
        elif held:
            differs = False  # what was deleted or blocked there is not made again
        else:
            differs = member.create not in ("never", "needed")
        if differs:
            due.append((member.connection, member.stream, profile))
    return due


def contested(why: Mapping[str, Won]) -> set[str]:
    """Return the paths on which records differ and a person is asked."""
    return {path for path, won in why.items() if won.rule == CONTESTED}


def wanted(
    lens: Lens,
    document: Document,
    held: Held | None,
    contested: Collection[str] = frozenset(),
    words: Words = NOTHING,
) -> Document:
    """Return what a target's record should say: the golden values, and nothing where ours is golden no more.

    A value of another person's, written while the two were taken for one, must not stay behind. While a person is asked,
    what a record says itself is not written over. Of a list item that is golden no more nothing is said (`staying`), nor of a
    value that only lost its line in a mapping: `words` are those that did.
    """
    writes = lens.writes
    found = {path: value for path, value in document.items() if writes(path)}
    if contested and held is not None:
        own = held.own
        found = {path: value for path, value in found.items() if path not in contested or path not in own}
    if held is not None and held.echo:
        lost = held.echo.keys() - document.keys() - lens.references.keys()
        ours = {path for path in lost if not unmapped.stays(held, path, words)}
        items = {None, *lens.items(document)} if ours else {None}
        found |= {path: None for path in ours if writes(path) and lens.item(path) in items}
    return found


def unsaid(
    part: Part,
    lens: Lens,
    document: Document,
    contested: Collection[str] = frozenset(),
    words: Words = NOTHING,
) -> Document:
    """Return what a target's record should say of the golden values and does not; a reference counts by its address."""
    holds, means = addressed(part, lens, part.held.holds), part.held.means
    return {
        path: value
        for path, value in wanted(lens, document, part.held, contested, words).items()
        if holds.get(path) != value and (path in lens.references or not means(path, value))
    }


def _forget(db: Connection, profiles: Sequence[str]) -> None:
    """Drop profiles that no contribution belongs to any more; their lineage stays."""
    if profiles:
        rows, due, named = table(Profile), table(Due), table(Naming)
        db.execute(named.delete().where(named.c.profile.in_(profiles)))
        db.execute(rows.delete().where(rows.c.id.in_(profiles)))
        reviews.close(db, profiles)
        db.execute(due.delete().where(due.c.profile.in_(profiles)))


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
