"""What was set aside is tried again: edited records are read, refused writes become due."""

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import Connection, select, update

from crossroads import journal
from crossroads.engine import again, apart, aside, outcomes, refusals
from crossroads.engine.due import note_due
from crossroads.engine.match import work_off
from crossroads.engine.repair import KIND, NO_KEY, Person, Place, kept
from crossroads.engine.workspace import Workspace
from crossroads.plan import Member
from crossroads.store import newid
from crossroads.store.session import table
from crossroads.store.tables import Due, Repair


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
        kept(db, repairs)
        journal.append(db, lines, run=f"{KIND}/{newid()}", at=at)
    return ended


def _waiting(db: Connection, member: Member) -> set[str]:
    rows = table(Due)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream)
    return set(db.execute(select(rows.c.profile).where(*mine)).scalars())
