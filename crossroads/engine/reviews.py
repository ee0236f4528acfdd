"""The cases that wait for a person: fields of profiles on which records differ and whose rule is to ask."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, tuple_

from crossroads.canonical import Document
from crossroads.engine.survivorship import Survivorship
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Review

_review = Bulk(Review, ("profile", "path", "entity", "at", "run"), update=())


class Case(NamedTuple):
    """One field, or group of fields, of one profile that waits for a decision, and since when."""

    profile: str
    path: str
    entity: str
    at: str


def keep(
    db: Connection,
    entity: str,
    profiles: Sequence[str],
    waiting: Mapping[str, Iterable[str]],
    *,
    run: str,
    at: str,
) -> None:
    """List what of these profiles is contested now, and nothing else of theirs; what was listed keeps its time."""
    rows = table(Review)
    wanted = {(profile, path) for profile, paths in waiting.items() for path in paths}
    known = {(case.profile, case.path) for case in _of(db, profiles)}
    for some in chunks(sorted(known - wanted), 500):
        db.execute(rows.delete().where(tuple_(rows.c.profile, rows.c.path).in_(some)))
    _review(db, [(*case, entity, at, run) for case in sorted(wanted - known)])


def close(db: Connection, profiles: Sequence[str]) -> None:
    """Forget the cases of profiles that are no more."""
    rows = table(Review)
    for some in chunks(profiles):
        db.execute(rows.delete().where(rows.c.profile.in_(some)))


def close_all(db: Connection, entity: str) -> None:
    """Forget the cases of an entity of which no rule asks any more."""
    rows = table(Review)
    db.execute(rows.delete().where(rows.c.entity == entity))


def contested(
    db: Connection, policy: Survivorship, entity: str, golden: Mapping[str, Document]
) -> dict[str, set[str]]:
    """Return, for each profile that has any, the paths that wait for a person."""
    if not policy.asks(entity):
        return {}
    found: dict[str, set[str]] = {}
    for case in _of(db, list(golden)):
        # A field that the group's standing record leaves empty is contested as well as those it fills.
        mine = {path for path in golden[case.profile] if policy.unit(entity, path) == case.path}
        found.setdefault(case.profile, set()).update(mine)
    return found


def cases(db: Connection) -> list[Case]:
    """Return every case, the oldest first."""
    rows = table(Review)
    query = select(rows.c.profile, rows.c.path, rows.c.entity, rows.c.at)
    return [Case._make(row) for row in db.execute(query.order_by(rows.c.at, rows.c.profile, rows.c.path))]


def _of(db: Connection, profiles: Sequence[str]) -> list[Case]:
    rows = table(Review)
    query = select(rows.c.profile, rows.c.path, rows.c.entity, rows.c.at)
    return [
        Case._make(row)
        for some in chunks(profiles)
        for row in db.execute(query.where(rows.c.profile.in_(some)))
    ]
