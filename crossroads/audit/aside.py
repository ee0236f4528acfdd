"""What was set aside: records and fields that were refused, and records that wait; why, and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson
from sqlalchemy import Column, Connection, select

from crossroads.engine import parking
from crossroads.store.session import table
from crossroads.store.tables import Notice, Parked, Profile, Rejected, SourceField

Kind: TypeAlias = Literal["read", "write", "field", "parent", "person", "outcome", "unread"]


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
    round_ = {name: circle for circle in parking.circles(db) for name in circle}
    for row in db.execute(select(rows).order_by(rows.c.at, rows.c.connection, rows.c.stream, rows.c.what)):
        yield Aside(
            row.reason,
            row.connection,
            row.stream,
            row.what,
            _circle(round_, row),
            row.at,
            row.run,
            row.waits_for,
            row.what in new,
        )


def _circle(found: Mapping[str, Sequence[str]], row: Any) -> list[str]:
    """Say that something waits for what waits for it."""
    name = f"{row.connection}/{row.stream}{'/' if row.step == 'match' else '#'}{row.what}"
    circle = found.get(name, ()) if row.reason == "parent" else ()
    return [f"they wait for each other: {' -> '.join([*circle, circle[0]])}"] if circle else []


def _profiles(db: Connection, column: Column[str]) -> set[str]:
    """Return the values of a column that are ids of profiles."""
    profiles = table(Profile)
    return set(db.execute(select(profiles.c.id).join(column.table, column == profiles.c.id)).scalars())


def unmapped(db: Connection) -> dict[tuple[str, str], list[str]]:
    """Return, by connection and stream, the fields that a source sends and no mapping names; of what is inside one, nothing."""
    rows = table(SourceField)
    found: dict[tuple[str, str], list[str]] = {}
    unnamed = select(rows.c.connection, rows.c.stream, rows.c.path).where(~rows.c.named)
    for row in db.execute(unnamed.order_by(rows.c.connection, rows.c.stream, rows.c.path)):
        paths = found.setdefault((row.connection, row.stream), [])
        steps = row.path.replace("[]", "").split(".")
        # What begins so is the protocol's or the connector's own.
        if not any(step.startswith("_") for step in steps) and not any(
            _inside(row.path, one) for one in paths
        ):
            paths.append(row.path)
    return {place: paths for place, paths in found.items() if paths}


def _inside(path: str, above: str) -> bool:
    return path.startswith((f"{above}.", f"{above}["))
