"""What was sent about a profile, and what the journal tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.store.session import table
from crossroads.store.tables import Entry, Intent


@dataclass(frozen=True, slots=True)
class Write:
    """One intended write: to which record (none yet, for a create), what it says, and how far it is."""

    id: str
    to: str
    key: str | None
    state: str
    document: Document = field(repr=False)
    reasons: Sequence[str]
    attempts: int
    planned_at: str
    sent_at: str | None
    ended_at: str | None
    run: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the journal; `body` is None where it was erased."""

    seq: int
    at: str
    run: str
    kind: str
    body: Mapping[str, Any] | None = field(repr=False)


def writes(db: Connection, profiles: Sequence[str]) -> list[Write]:
    """Return every write about these profile ids, oldest first."""
    rows = table(Intent)
    return [
        Write(
            id=row.id,
            to=f"{row.connection}/{row.stream}",
            key=row.slot or None,
            state=row.state,
            document=orjson.loads(row.document),
            reasons=orjson.loads(row.reasons) if row.reasons else [],
            attempts=row.attempts,
            planned_at=row.planned_at,
            sent_at=row.sent_at,
            ended_at=row.ended_at,
            run=row.run,
        )
        for row in db.execute(select(rows).where(rows.c.profile.in_(profiles)).order_by(rows.c.id))
    ]


def history(db: Connection, profiles: Sequence[str]) -> list[Line]:
    """Return the journal's entries about these profile ids, oldest first."""
    rows = table(Entry)
    return [
        Line(row.seq, row.at, row.run, row.kind, orjson.loads(row.body) if row.body is not None else None)
        for row in db.execute(select(rows).where(rows.c.subject.in_(profiles)).order_by(rows.c.seq))
    ]
