"""What comes of golden records as they will be: what the records of targets will be told, and where records will be made."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.engine import reviews, unmapped
from crossroads.engine.parts import Part
from crossroads.engine.wanted import unsaid
from crossroads.engine.workspace import Workspace
from crossroads.store.session import table
from crossroads.store.tables import Due, Profile


class Effect(NamedTuple):
    """What one record of a target will be told: which field, what it says now, and what it shall say."""

    record: str
    path: str
    now: Any
    then: Any

    def __repr__(self) -> str:
        return f"Effect({self.record}, {self.path})"


def effects(
    ws: Workspace, entity: str, parts: Sequence[Part], document: Document, contested: set[str]
) -> Iterator[Effect]:
    """Yield what each record of a profile that may be written to will be told."""
    words = unmapped.words(part.held for part in parts)
    targets = {(m.connection, m.stream) for m in ws.members(entity) if m.write}
    for part in parts:
        if part.silent or (part.connection, part.stream) not in targets:
            continue
        lens = ws.lens(part.connection, part.stream)
        for path, value in sorted(unsaid(part, lens, document, contested, words).items()):
            yield Effect(part.address, path, part.held.holds.get(path), value)


def told(
    db: Connection, ws: Workspace, entity: str, settled: Mapping[str, Sequence[Part]]
) -> Iterator[Effect]:
    """Yield what the records of some profiles, as they are settled by now, will be told."""
    rows = table(Profile)
    query = select(rows.c.id, rows.c.document).where(rows.c.id.in_(sorted(settled)))
    golden = {profile: orjson.loads(document) for profile, document in db.execute(query)}
    open_ = reviews.contested(db, ws.survivorship, entity, golden)
    for profile, parts in settled.items():
        yield from effects(ws, entity, parts, golden.get(profile, {}), open_.get(profile, set()))


def made(db: Connection, settled: Mapping[str, Sequence[Part]]) -> list[tuple[str, str]]:
    """Return the streams in which a record of somebody is missing and will be made, with the profile."""
    rows = table(Due)
    due = select(rows.c.connection, rows.c.stream, rows.c.profile).where(rows.c.profile.in_(sorted(settled)))
    there = {(profile, part.connection, part.stream) for profile, parts in settled.items() for part in parts}
    return sorted(
        (f"{connection}.{stream}", profile)
        for connection, stream, profile in db.execute(due)
        if (profile, connection, stream) not in there
    )
