"""Repair what a comparison found, by the ordinary ways only: what was read goes through a pull, what differs becomes due."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update

from crossroads.connector import Connector
from crossroads.engine import refusals
from crossroads.engine.attempt import attempt
from crossroads.engine.due import note_due
from crossroads.engine.match import match
from crossroads.engine.page import Reader
from crossroads.engine.push import push
from crossroads.engine.reconcile_found import Found
from crossroads.engine.reconcile_stream import Comparison
from crossroads.engine.report import RunFailed, report
from crossroads.engine.workspace import Workspace
from crossroads.errors import CrossroadsError
from crossroads.plan import Plan
from crossroads.records import Batch, Record, State
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution


class Repair:
    """Repairs one stream within a run; the right to store pages is taken only when there is something to store."""

    def __init__(self, comparison: Comparison, connector: Connector[Any], run: str) -> None:
        self.comparison, self.connector, self.run = comparison, connector, run
        self.ws, self.plan, self.member = comparison.ws, comparison.plan, comparison.member
        self._reader: Reader | None = None
        self._resting: set[str] | None = None

    def take_in(self, records: Sequence[Record]) -> None:
        """Store records as the system has them now, in the same way as a pull does; the cursor stays where it is."""
        if not records:
            return
        if self._reader is None:
            with attempt() as who:
                lens, turns = self.comparison.lens, self.comparison.turns
                self._reader = Reader(
                    self.ws, self.plan, self.member, self.connector, lens, self.run, who, turns=turns
                )
        self._look_at(records)
        self._reader.store(Batch(records, State()), None)

    def _look_at(self, records: Sequence[Record]) -> None:
        """Forget the versions of these records: a pull takes a record of the same version for the same, and they are not."""
        if not self.connector.streams[self.member.stream].version:
            return
        rows = table(Contribution)
        keys = [self.comparison.lens.key(record) for record in records]
        with self.ws.store.write() as db:
            for some in chunks(keys):
                mine = (
                    rows.c.connection == self.member.connection,
                    rows.c.stream == self.member.stream,
                    rows.c.key.in_(some),
                )
                db.execute(update(rows).where(*mine).values(version=None))

    def queue(self, found: Sequence[Found]) -> None:
        """Let profiles that differ, or are missing, be planned again, and records without a profile be matched again.

        What was refused as often as anybody tries, and what a person dropped, is a person's to send.
        """
        differ = sorted({one.profile for one in found if one.profile and one.kind in ("drift", "missing")})
        lost = [one.name for one in found if one.kind == "orphan"]
        if not differ and not lost:
            return
        rows = table(Contribution)
        with self.ws.store.write() as db:
            if self._resting is None:  # nothing is sent before all is compared
                self._resting = refusals.resting(db, self.member)
            due = [profile for profile in differ if profile not in self._resting]
            note_due(db, [(self.member.connection, self.member.stream, profile) for profile in due])
            for some in chunks(lost):
                mine = (
                    rows.c.connection == self.member.connection,
                    rows.c.stream == self.member.stream,
                    rows.c.key.in_(some),
                )
                db.execute(update(rows).where(*mine).values(dirty=1))


def finish(ws: Workspace, plan: Plan, run: str) -> str | None:
    """Match, push and report as an ordinary run does; return what keeps the run from being green."""
    match(ws, plan, run)
    for member in plan.between:
        if member.write:
            try:
                push(ws, plan, member.name, run)
            except CrossroadsError:
                continue  # its step says so, and the report; the other systems get theirs
    try:
        report(ws, plan, run)
    except RunFailed as error:
        return str(error)
    return None
