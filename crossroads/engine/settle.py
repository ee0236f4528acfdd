"""Settle: compute the golden record of each touched profile, and queue the targets that say otherwise."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from crossroads import journal
from crossroads.canonical import Document
from crossroads.engine import decisions, naming, reviews, unmapped
from crossroads.engine.due import note_due
from crossroads.engine.echo import Held
from crossroads.engine.parts import Part, contributions, source
from crossroads.engine.survivorship import CONTESTED, Won
from crossroads.engine.taken_out import staying
from crossroads.engine.unmapped import NOTHING
from crossroads.engine.wanted import unsaid
from crossroads.engine.workspace import Workspace
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.store.session import Bulk, Delete, Lookup, chunks, table
from crossroads.store.tables import Due, Naming, Notice, Profile

_unlisted = Delete(Notice, ("connection", "stream", "key", "path"))
_profile = Bulk(Profile, ("id", "entity", "document", "provenance", "settled_at", "run"))
_settled = Lookup(Profile, ("id", "document", "provenance"), "id")


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
