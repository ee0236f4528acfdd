"""The repair desk: what a person does about a record that was set aside, or a write that was refused.

A record is edited and read again; the original is kept, and the edit stands while the system shows that content. A
write says what the golden record says: it is corrected where its values were said, and sent again (`resending`). Either
can be dropped. Whoever does it, and why, is kept beside it and in the journal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import orjson
from sqlalchemy import Connection, select, update

from crossroads import journal
from crossroads.engine.edits import Tried, difference, tried
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.records import Record
from crossroads.store import newid
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Rejected, Repair

Step: TypeAlias = Literal["pull", "push"]
KIND = "repair"
NO_KEY = "without-key-"  # what a record is called that says no key
kept = Bulk(
    Repair,
    ("id", "connection", "stream", "key", "step", "state", "digest", "original", "edited", "difference", "actor", "why",
     "mapping", "at", "reasons"),
)  # fmt: skip


class Place(NamedTuple):
    """One row of what was set aside: a record that could not be read, or a write that was refused."""

    connection: str
    stream: str
    key: str
    step: Step

    @property
    def name(self) -> str:
        """Return `connection/stream/key`, as lists and commands call it."""
        return f"{self.connection}/{self.stream}/{self.key}"


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something, and why; both go into the journal."""

    by: str
    why: str


def places(
    ws: Workspace, *, names: Sequence[str] = (), step: str | None = None, connection: str | None = None,
    reason: Callable[[str], bool] | None = None,
) -> list[Place]:  # fmt: skip
    """Return what was set aside, of these names or all, in one connection or all, for a certain reason or any."""
    rows = table(Rejected)
    query = select(rows.c.connection, rows.c.stream, rows.c.key, rows.c.step, rows.c.reasons)
    query = query.order_by(rows.c.connection, rows.c.stream, rows.c.key, rows.c.step)
    if step:
        query = query.where(rows.c.step == step)
    if connection:
        query = query.where(rows.c.connection == connection)
    with ws.store.read() as db:
        found = [
            Place(*row[:4])
            for row in db.execute(query)
            if reason is None or any(map(reason, orjson.loads(row.reasons)))
        ]
    if not names:
        return found
    chosen = {name: [place for place in found if place.name == name] for name in names}
    for name, these in chosen.items():
        if not these:
            raise ConfigError(f"{name} is not set aside; `crossroads rejected --all` lists what is.")
        if len(these) > 1:
            raise ConfigError(
                f"{name}: both the record and a write to it are set aside; say --step pull or --step push."
            )
    return [place for these in chosen.values() for place in these]


def edit(
    ws: Workspace, place: Place, change: Callable[[Record], Record], person: Person, *, check: bool = False
) -> tuple[Tried, dict[str, list[str]]]:
    """Edit a record and try it; keep it to be read, unless reasons remain or it is only a check.

    Returns what the mapping makes of it, and the difference by the record's own paths.
    """
    if place.step == "push":
        raise ConfigError(
            f"{place.name} is a write: it says what the golden record says. Correct the value where it was said "
            "(`crossroads repair show` names the record), then send again."
        )
    lens = ws.lens(place.connection, place.stream)
    with ws.store.write() as db:
        row = _row(db, place)
        original: Record = orjson.loads(row.raw)
        digest, _, version = row.digest.partition("/")
        if place.key.startswith(NO_KEY):
            return Tried(
                [f"nothing tells a record without a key from another one: correct it in {place.connection}"]
            ), {}
        if version == lens.version and not tried(lens, place.key, original).reasons:
            why = f"the mapping reads it as it is; it was set aside for another reason: correct it in {place.connection}"
            return Tried([why]), {}
        record = change(original)
        result, differs = tried(lens, place.key, record), difference(original, record)
        if not result.reasons and not check:
            _close(db, place, "overtaken", ws.clock())  # by this one
            text = orjson.dumps(record)
            kept(db, [(newid(), *place, "open", digest, row.raw, text, _text(differs), person.by, person.why, lens.version,
                          ws.clock(), "[]")])  # fmt: skip
    return result, differs


def drop(ws: Workspace, chosen: Sequence[Place], person: Person) -> None:
    """Set aside for good: a record until its system changes it, a write until its profile changes."""
    rows, at, run = table(Rejected), ws.clock(), f"{KIND}/{newid()}"
    with ws.store.write() as db:
        lines = []
        for place in chosen:
            row = _row(db, place)
            digest, _, version = row.digest.partition("/")
            _close(db, place, "dropped", at)
            made = newid()
            row_of = (digest, row.raw, None, "{}", person.by, person.why, version, at, row.reasons)
            kept(db, [(made, *place, "dropped", *row_of)])
            db.execute(rows.delete().where(*_is(place)))
            told = {
                "by": person.by,
                "why": person.why,
                "step": place.step,
                "repair": made,
                "state": "dropped",
            }
            lines.append(journal.Line("repair", place.name, {**told, "reasons": orjson.loads(row.reasons)}))
        journal.append(db, lines, run=run, at=at)


def _row(db: Connection, place: Place) -> Any:
    row = db.execute(select(table(Rejected)).where(*_is(place))).first()
    if row is None:
        raise ConfigError(f"{place.name} is not set aside any more: it came right meanwhile.")
    return row


def _is(place: Place) -> tuple[Any, ...]:
    rows = table(Rejected)
    return tuple(rows.c[name] == value for name, value in place._asdict().items())


def _close(db: Connection, place: Place, state: str, at: str) -> None:
    """End the edits of a record that still wait to be read."""
    rows = table(Repair)
    mine = [rows.c[name] == value for name, value in place._asdict().items()]
    db.execute(update(rows).where(*mine, rows.c.state == "open").values(state=state, ended_at=at))


def _text(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
