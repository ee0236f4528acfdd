"""Read records that were set aside once more: as they are, or as a person edited them, unless their system has a newer word."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select, update

from crossroads import journal
from crossroads.engine import words
from crossroads.engine.attempt import attempt
from crossroads.engine.entered import Page
from crossroads.engine.known import Known
from crossroads.engine.page import Reader
from crossroads.engine.run import step
from crossroads.engine.workspace import Workspace
from crossroads.plan import Member, Plan
from crossroads.records import Batch, Record, State
from crossroads.store.session import chunks, table
from crossroads.store.tables import Rejected, Repair

CHUNK = 500


class Edit(NamedTuple):
    """A repair that waits to be read: what it replaces, and what the journal tells of it."""

    id: str
    digest: str
    record: Record
    told: dict[str, Any]

    def __repr__(self) -> str:
        return f"Edit({self.id})"


class Again(Reader):
    """Stores records that were set aside, each with what became of its repair, in one transaction a page."""

    edits: Mapping[str, Edit] = {}
    overtaken: Sequence[str] = ()

    def _changed(self, page: Page, known: Mapping[str, Known], refused: Mapping[str, str]) -> list[str]:
        """Leave alone what is not set aside any more, or in another form: the system's newer word counts."""
        changed = super()._changed(page, known, {})
        self.overtaken = []
        for key in [*page.payloads]:
            digest = page.payloads[key][0]
            if refused.get(key, "").partition("/")[0] != digest:
                page.ended[key] = "superseded"
                self.overtaken.append(key)
            elif key in self.edits and self.edits[key].digest == digest:
                self.standing.edited[key, digest] = self.edits[key].record
        return [key for key in changed if key not in self.overtaken]

    def _keep(self, db: Connection, page: Page, known: Mapping[str, Known], at: str) -> None:
        super()._keep(db, page, known, at)
        reasons = {key: why for key, why, _ in page.rejected}
        rows, lines = table(Repair), []
        for key in page.entered:
            if (edit := self.edits.get(key)) is None:
                continue
            state = {"applied": "applied", "rejected": "refused"}.get(page.ended[key], "overtaken")
            values = {"state": state, "ended_at": at, "run": self.run, "mapping": self.lens.version}
            values["reasons"] = words.listed(reasons.get(key, ()))
            db.execute(update(rows).where(rows.c.id == edit.id).values(**values))
            subject = f"{self.member.connection}/{self.member.stream}/{key}"
            told = {**edit.told, "repair": edit.id, "state": state, "mapping": self.lens.version}
            lines.append(journal.Line("repair", subject, told))
        journal.append(db, lines, run=self.run, at=at)


def again(
    ws: Workspace, plan: Plan, member: Member, run: str, kind: str, keys: Sequence[str], edits: Mapping[str, Edit]
) -> None:  # fmt: skip
    """Read these records of a stream once more, in a run of their own."""
    with step(ws, run, kind, member.name), ws.open(member.connection) as connector, attempt() as who:
        lens = ws.lens(member.connection, member.stream)
        reader = Again(ws, plan, member, connector, lens, run, who, step=kind)
        reader.edits = edits
        for some in chunks(keys, CHUNK):
            with ws.store.read() as db:
                records = originals(db, member, some)
            if records:
                reader.store(Batch(list(records.values()), State()), None)


def originals(db: Connection, member: Member, keys: Sequence[str]) -> dict[str, Record]:
    """Return the records of a stream that were set aside, as their system said them."""
    rows = table(Rejected)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.step == "pull")
    found = db.execute(select(rows.c.key, rows.c.raw).where(*mine, rows.c.key.in_(keys)))
    return {key: orjson.loads(raw) for key, raw in found if raw is not None}
