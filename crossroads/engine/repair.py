"""The repair desk: what a person does about a record that was set aside, or a write that was refused.

A record is edited and read again; the original is kept, and the edit stands while the system shows that content. A
write says what the golden record says: it is corrected where its values were said, and sent again. Either can be
dropped. Whoever does it, and why, is kept beside it and in the journal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import orjson
from sqlalchemy import Connection, select, update

from crossroads import journal
from crossroads.engine import again, apart, aside, outcomes, refusals
from crossroads.engine.due import note_due
from crossroads.engine.edits import Tried, difference, tried
from crossroads.engine.match import work_off
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.plan import Member
from crossroads.records import Record
from crossroads.store import newid
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Due, Rejected, Repair

Step: TypeAlias = Literal["pull", "push"]
KIND = "repair"
NO_KEY = "without-key-"  # what a record is called that says no key
_repair = Bulk(
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
            _repair(db, [(newid(), *place, "open", digest, row.raw, text, _text(differs), person.by, person.why, lens.version,
                          ws.clock(), "[]")])  # fmt: skip
    return result, differs


def send(ws: Workspace, chosen: Sequence[Place], person: Person, *, anyway: bool = False) -> dict[Place, str]:
    """Read edited records again, and make refused writes due again; return what became of each.

    A write goes out with the next run of its sync. Refused as often as the nightly upkeep would try, it is `capped`, and
    sent only `anyway`.
    """
    ended: dict[Place, str] = {}
    for connection, stream in dict.fromkeys((p.connection, p.stream) for p in chosen):
        mine = [p for p in chosen if (p.connection, p.stream) == (connection, stream)]
        ended |= _read(ws, connection, stream, [p for p in mine if p.step == "pull"], person)
        ended |= _made_due(ws, connection, stream, [p for p in mine if p.step == "push"], person, anyway)
    return ended


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
            _repair(
                db,
                [
                    (
                        made,
                        *place,
                        "dropped",
                        digest,
                        row.raw,
                        None,
                        "{}",
                        person.by,
                        person.why,
                        version,
                        at,
                        row.reasons,
                    )
                ],
            )
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


def _read(
    ws: Workspace, connection: str, stream: str, chosen: Sequence[Place], person: Person
) -> dict[Place, str]:
    if not chosen:
        return {}
    plan, member = apart.member(ws, connection, stream)
    version = ws.lens(connection, stream).version
    ended: dict[Place, str] = {}
    ready: list[str] = []
    with ws.store.write() as db:
        marks = aside.refused(db, member)
        late = overtake(db, member, marks, ws.clock())
        edits = _open_edits(db, member, person)
        for place in chosen:
            if place.key not in marks or place.key in late:
                ended[place] = "superseded"  # its system has a newer word, or it was read meanwhile
            elif place.key.startswith(NO_KEY):
                ended[place] = "unedited"  # nothing tells it from another one
            elif place.key in edits or not marks[place.key].endswith(f"/{version}"):
                ready.append(place.key)
            else:
                ended[place] = "unedited"  # the same record and the same mapping: the same reasons
    if ready:
        run = apart.open_run(ws, plan, KIND, apart.asked(member))
        again.again(ws, plan, member, run, KIND, ready, edits)
        work_off(ws, plan, run)
        apart.close_run(ws, run, KIND, [member])
        with ws.store.read() as db:
            became = outcomes.ended(db, run, KIND, member.name)
        ended |= {place: became.get(place.key, "superseded") for place in chosen if place.key in ready}
    return ended


def overtake(db: Connection, member: Member, marks: Mapping[str, str], at: str) -> set[str]:
    """Close the edits of records that their system has a newer word for by now; return the keys."""
    rows, lines, late = table(Repair), [], set()
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.state == "open")
    for row in db.execute(select(rows).where(*mine)).all():
        if marks.get(row.key, "").partition("/")[0] != row.digest:
            late.add(row.key)
            db.execute(update(rows).where(rows.c.id == row.id).values(state="overtaken", ended_at=at))
            told = {"by": row.actor, "why": row.why, "step": "pull", "repair": row.id, "state": "overtaken"}
            lines.append(journal.Line("repair", f"{row.connection}/{row.stream}/{row.key}", told))
    journal.append(db, lines, run=f"{KIND}/{newid()}", at=at)
    return late


def _open_edits(db: Connection, member: Member, person: Person) -> dict[str, again.Edit]:
    """Return the edits of a stream that wait to be read, by key; `person` sends them."""
    rows = table(Repair)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.state == "open")
    found = {}
    for row in db.execute(select(rows).where(*mine).order_by(rows.c.id)):
        told = {"by": row.actor, "why": row.why, "fields": orjson.loads(row.difference), "step": "pull"}
        if person.by != row.actor:
            told |= {"sent_by": person.by, "sent_why": person.why}
        found[row.key] = again.Edit(row.id, row.digest, orjson.loads(row.edited), told)
    return found


def _made_due(
    ws: Workspace, connection: str, stream: str, chosen: Sequence[Place], person: Person, anyway: bool
) -> dict[Place, str]:
    if not chosen:
        return {}
    _, member = apart.member(ws, connection, stream)
    version, at = ws.lens(connection, stream).version, ws.clock()
    ended: dict[Place, str] = {}
    due, repairs, lines = [], [], []
    with ws.store.write() as db:
        refused = {one.key: one for one in refusals.listed(db, member)}
        waiting = _waiting(db, member)
        for place in chosen:
            one = refused.get(place.key)
            if one is None or one.profile is None:
                ended[place] = "superseded"
            elif one.profile in waiting:
                ended[place] = "waiting"
            elif not anyway and refusals.attempts(db, member, one) >= refusals.TRIES:
                ended[place] = "capped"
            else:
                ended[place] = "due"
                made = newid()
                due.append((connection, stream, one.profile))
                repairs.append(
                    (made, *place, "sent", "", None, None, "{}", person.by, person.why, version, at, "[]")
                )
                told = {"by": person.by, "why": person.why, "step": "push", "repair": made, "to": place.name}
                lines.append(journal.Line("repair", one.profile, told))
        note_due(db, due)
        _repair(db, repairs)
        journal.append(db, lines, run=f"{KIND}/{newid()}", at=at)
    return ended


def _waiting(db: Connection, member: Member) -> set[str]:
    rows = table(Due)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream)
    return set(db.execute(select(rows.c.profile).where(*mine)).scalars())


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
