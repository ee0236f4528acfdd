"""One thing that was set aside, with all a person needs to decide: what it says, what would be sent, what was tried before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select

from crossroads.engine import aside, refusals
from crossroads.engine.apart import member as part_of
from crossroads.engine.edits import Tried, tried
from crossroads.engine.planning import Planner
from crossroads.engine.repair import Place
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.records import Record
from crossroads.store.session import table
from crossroads.store.tables import Contribution, Due, Intent, Profile, Rejected, Repair


@dataclass(frozen=True, slots=True)
class Former:
    """A repair of the same place, newest first: what was changed (by its shape), by whom, why, and what became of it."""

    id: str
    state: str
    difference: Mapping[str, Sequence[str]]
    reasons: Sequence[str]
    actor: str
    why: str
    mapping: str
    at: str


@dataclass(frozen=True, slots=True)
class Look:
    """What was set aside, why, and what the present mapping makes of it.

    A record has its `original`. A write has what would be said and `sent`, who `said` it (path -> record), and how often it was
    sent and refused before.
    """

    place: Place
    reasons: Sequence[str]
    at: str
    run: str
    mapping: str
    history: Sequence[Former]
    original: Record | None = field(default=None, repr=False)
    now: Tried | None = None
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    sent: Mapping[str, Any] | None = field(default=None, repr=False)
    said: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None
    attempts: int = 0


def look(ws: Workspace, place: Place) -> Look:
    """Return all about one place; looking changes nothing."""
    rows = table(Rejected)
    lens = ws.lens(place.connection, place.stream)
    with ws.store.read() as db:
        mine = [rows.c[name] == value for name, value in place._asdict().items()]
        row = db.execute(select(rows).where(*mine)).first()
        if row is None:
            raise ConfigError(f"{place.name} is not set aside any more.")
        former = history(db, ws, place)
    found = Look(place, orjson.loads(row.reasons), row.at, row.run, lens.version, former)
    if place.step == "push":
        return _written(ws, found)
    original = orjson.loads(row.raw)
    return replace(found, original=original, now=tried(lens, place.key, original))


def history(db: Connection, ws: Workspace, place: Place) -> list[Former]:
    """Return what people did about a place before; an edit that its system overtook is said to be so."""
    rows = table(Repair)
    mine = [rows.c[name] == value for name, value in place._asdict().items()]
    _, member = part_of(ws, place.connection, place.stream)
    marks = aside.refused(db, member) if place.step == "pull" else {}
    found = []
    for row in db.execute(select(rows).where(*mine).order_by(rows.c.id.desc())):
        late = row.state == "open" and marks.get(row.key, "").partition("/")[0] != row.digest
        state = "overtaken" if late else row.state
        told = (
            orjson.loads(row.difference),
            orjson.loads(row.reasons),
            row.actor,
            row.why,
            row.mapping,
            row.at,
        )
        found.append(Former(row.id, state, *told))
    return found


def _written(ws: Workspace, found: Look) -> Look:
    """Plan the write as the next push would, in a transaction that is taken back."""
    place = found.place
    plan, member = part_of(ws, place.connection, place.stream)
    due, rows = table(Due), table(Intent)
    with ws.open(member.connection) as connector:
        creatable = {stream.name: stream.writable for stream in connector.streams.values()}
    with ws.store.engine.connect() as db:
        refusal = next((one for one in refusals.listed(db, member) if one.key == place.key), None)
        if refusal is None or refusal.profile is None:
            return found
        attempts, said = refusals.attempts(db, member, refusal), _said(db, refusal.profile)
        db.execute(delete(due).where(due.c.connection == member.connection, due.c.stream == member.stream))
        db.execute(
            due.insert().values(connection=member.connection, stream=member.stream, profile=refusal.profile)
        )
        lens = ws.lens(member.connection, member.stream)
        Planner(ws, plan.entity, member, lens, "repair/look", creatable=creatable, read=True).chunk(db)
        mine = (rows.c.run == "repair/look", rows.c.slot == refusal.slot)
        planned = db.execute(select(rows.c.document, rows.c.patch).where(*mine)).first()
        db.rollback()
    document, sent = (
        (orjson.loads(planned.document), orjson.loads(planned.patch)) if planned else (None, None)
    )
    return replace(found, document=document, sent=sent, said=said, profile=refusal.profile, attempts=attempts)


def _said(db: Connection, profile: str) -> dict[str, str]:
    """Return, for every field of a profile, the record that says it."""
    rows, profiles = table(Contribution), table(Profile)
    why = orjson.loads(db.execute(select(profiles.c.provenance).where(profiles.c.id == profile)).scalar_one())
    ids = {source for source, *_ in why.values()}
    query = select(rows.c.id, rows.c.connection, rows.c.stream, rows.c.key).where(rows.c.id.in_(ids))
    names = {row[0]: "/".join(row[1:]) for row in db.execute(query)}
    return {path: names.get(source, source) for path, (source, *_) in why.items()}
