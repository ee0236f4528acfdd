"""What of a stream's fields waits for a person, and the person's word that it is as it should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, func, select, update

from crossroads import journal
from crossroads.errors import ConfigError
from crossroads.store import Store
from crossroads.store.clock import Clock
from crossroads.store.session import chunks, table
from crossroads.store.tables import SourceField

RAISED = ("retyped", "missing", "new")


@dataclass(frozen=True, slots=True)
class Seen:
    """One path of a stream's records: the types it came with, how often, and what people said of it."""

    connection: str
    stream: str
    path: str
    types: Sequence[str]
    approved_types: Sequence[str]
    state: str
    named: bool
    seen: int
    of: int
    first_seen: str
    last_seen: str
    approved_by: str | None
    approved_at: str | None

    @property
    def share(self) -> float:
        """Return the share of the records looked at that had this path."""
        return self.seen / self.of if self.of else 0.0


def fields(db: Connection, stream: str | None = None) -> list[Seen]:
    """Return every path of a stream, or of all streams, as `connection.stream` names it."""
    rows = table(SourceField)
    query = select(rows).order_by(rows.c.connection, rows.c.stream, rows.c.path)
    if stream is not None:
        connection, _, name = stream.partition(".")
        query = query.where(rows.c.connection == connection, rows.c.stream == name)
    found = db.execute(query).all()
    looked: dict[tuple[str, str], int] = {}
    for row in found:
        place = (row.connection, row.stream)
        looked[place] = max(looked.get(place, 0), row.last_at)
    return [
        Seen(row.connection, row.stream, row.path, orjson.loads(row.types), orjson.loads(row.approved_types), row.state,
             row.named, row.seen, looked[row.connection, row.stream] - row.counted_from, row.first_seen, row.last_seen,
             row.approved_by, row.approved_at)
        for row in found
    ]  # fmt: skip


def raised(db: Connection) -> dict[str, dict[str, int]]:
    """Return, by `connection.stream`, how many paths wait for a person, by what they are."""
    rows = table(SourceField)
    query = select(rows.c.connection, rows.c.stream, rows.c.state, func.count())
    query = query.where(rows.c.state.in_(RAISED)).group_by(rows.c.connection, rows.c.stream, rows.c.state)
    found: dict[str, dict[str, int]] = {}
    for connection, stream, state, count in db.execute(query.order_by(rows.c.connection, rows.c.stream)):
        found.setdefault(f"{connection}.{stream}", {})[state] = count
    return found


def said(counts: Mapping[str, int]) -> str:
    """Say such counts.

    >>> said({"new": 2, "missing": 1})
    '1 missing, 2 new'
    """
    return ", ".join(f"{counts[state]} {state}" for state in RAISED if counts.get(state))


def approve(store: Store, clock: Clock, stream: str, paths: Sequence[str], by: str) -> list[str]:
    """Take what waits at these paths and below for right, all of it if none is named; return the paths.

    A field that is missing is not expected any more, until it comes again.
    """
    if not by.strip():
        raise ConfigError("Say who approves: --by NAME.")
    at = clock()
    connection, _, name = stream.partition(".")
    rows = table(SourceField)
    mine = (rows.c.connection == connection, rows.c.stream == name)
    with store.write() as db:
        known = fields(db, stream)
        waiting = [one for one in known if one.state in RAISED]
        chosen = [one for one in waiting if not paths or any(_below(one.path, path) for path in paths)]
        for path in paths:
            if not any(_below(one.path, path) for one in waiting):
                there = ", ".join(one.path for one in waiting[:8]) or "nothing"
                raise ConfigError(
                    f"Nothing at {path!r} of {stream!r} waits for approval. What waits: {there}."
                )
        if not known:
            raise ConfigError(
                f"Nothing is known of a stream {stream!r}: it is named connection.stream, and read first."
            )
        looked = max(one.last_at for one in db.execute(select(rows.c.last_at).where(*mine)))
        here = [one.path for one in chosen if one.state != "missing"]
        away = [one.path for one in chosen if one.state == "missing"]
        done = {"state": "approved", "approved_by": by, "approved_at": at, "raised_at": None}
        for some in chunks(here):
            its = update(rows).where(*mine, rows.c.path.in_(some))
            db.execute(its.values(**done, approved_types=rows.c.types))
        for some in chunks(away):
            its = update(rows).where(*mine, rows.c.path.in_(some))
            db.execute(its.values(**done, seen=0, counted_from=looked))
        if chosen:
            body = {"approved": [one.path for one in chosen], "by": by}
            journal.append(db, [journal.Line("schema", stream, body)], run="", at=at)
    return [one.path for one in chosen]


def _below(path: str, above: str) -> bool:
    """Tell whether a path is this one or a part of it.

    >>> _below("to_Address[].City", "to_Address"), _below("to_AddressUsage", "to_Address")
    (True, False)
    """
    return path == above or path.startswith((f"{above}.", f"{above}["))
