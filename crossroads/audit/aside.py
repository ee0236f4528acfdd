"""What was set aside: records and fields that were refused, and records that wait; why, and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import orjson
from sqlalchemy import Column, Connection, select

from crossroads.store.session import table
from crossroads.store.tables import Notice, Parked, Profile, Rejected, SourceField

Kind: TypeAlias = Literal["read", "write", "field", "parent", "person", "outcome"]


@dataclass(frozen=True, slots=True)
class Aside:
    """One record, write or field that did not go on.

    `kind` says what can be done about it, `about` names the field, or what is awaited. `key` is the record's,
    or the profile's where a record was to be created; `name` is what `explain` knows it by.
    """

    kind: Kind
    connection: str
    stream: str
    key: str
    reasons: Sequence[str]
    at: str
    run: str
    about: str | None = None
    created: bool = False

    @property
    def name(self) -> str:
        """Return the name of the profile or record."""
        return self.key if self.created else self.place

    @property
    def place(self) -> str:
        """Return what the repair desk knows it by."""
        return f"{self.connection}/{self.stream}/{self.key}"


def set_aside(db: Connection) -> list[Aside]:
    """Return every refused record, every field that was left out, and everything that waits, oldest first."""
    return [*_refused(db), *_fields(db), *_waiting(db)]


def _refused(db: Connection) -> Iterator[Aside]:
    rows = table(Rejected)
    new = _profiles(db, rows.c.key)
    for row in db.execute(select(rows).order_by(rows.c.at, rows.c.connection, rows.c.stream, rows.c.key)):
        kind: Kind = "read" if row.step == "pull" else "write"
        yield Aside(kind, row.connection, row.stream, row.key, orjson.loads(row.reasons), row.at, row.run,
                    created=row.key in new)  # fmt: skip


def _fields(db: Connection) -> Iterator[Aside]:
    rows = table(Notice)
    for row in db.execute(select(rows).order_by(rows.c.at, rows.c.connection, rows.c.stream, rows.c.key)):
        yield Aside("field", row.connection, row.stream, row.key, [row.reason], row.at, row.run, row.path)


def _waiting(db: Connection) -> Iterator[Aside]:
    rows = table(Parked)
    new = _profiles(db, rows.c.what)
    for row in db.execute(select(rows).order_by(rows.c.at, rows.c.connection, rows.c.stream, rows.c.what)):
        yield Aside(
            row.reason,
            row.connection,
            row.stream,
            row.what,
            [],
            row.at,
            row.run,
            row.waits_for,
            row.what in new,
        )


def _profiles(db: Connection, column: Column[str]) -> set[str]:
    """Return the values of a column that are ids of profiles."""
    profiles = table(Profile)
    return set(db.execute(select(profiles.c.id).join(column.table, column == profiles.c.id)).scalars())


def unmapped(db: Connection) -> dict[tuple[str, str], list[str]]:
    """Return, by connection and stream, the fields that a source sends and no mapping names."""
    rows = table(SourceField)
    found: dict[tuple[str, str], list[str]] = {}
    for row in db.execute(select(rows).order_by(rows.c.connection, rows.c.stream, rows.c.field)):
        found.setdefault((row.connection, row.stream), []).append(row.field)
    return found
