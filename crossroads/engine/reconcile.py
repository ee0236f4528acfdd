"""Reconcile: ask every system anew and compare counts, keys and content with the store and the golden profiles.

It reads, and neither moves a cursor nor writes to a system. What differs is listed; a repair is an ordinary run that takes
in what it read and lets the ledger send what differs.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import orjson
from sqlalchemy import func, select, update

from crossroads import journal
from crossroads.calm import calm
from crossroads.connector import Connector
from crossroads.engine import reconcile_rows, reconcile_store, words
from crossroads.engine.listing import Listing
from crossroads.engine.reconcile_found import STORE, Found, Report, Stream, line
from crossroads.engine.reconcile_repair import Repair, finish
from crossroads.engine.reconcile_stream import Comparison, Page
from crossroads.engine.report import RunFailed
from crossroads.engine.run import begin, hold, step, take
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, CrossroadsError, RecordRejected, Superseded
from crossroads.plan import Member, Plan
from crossroads.records import Record, State
from crossroads.records import Stream as Offered
from crossroads.store import newid
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Contribution, Profile, Reconciliation

Tell = Callable[[str, int], None]
LOOK = 500
_begun = Bulk(Reconciliation, ("id", "sync", "entity", "started_at", "summary"), update=())


class Disagree(RunFailed):
    """Systems do not agree, or could not be asked; the message says which, and where to look."""


def reconcile(
    ws: Workspace, plan: Plan, *, repair: bool = False, tell: Tell = lambda _name, _records: None
) -> Report:
    """Compare every system of a sync with the store and return what came of it; with `repair`, let it be put right."""
    work = _Work(ws, plan, repair, tell)
    with calm():
        return work.done()


def reconciled(ws: Workspace, plan: Plan) -> None:
    """Compare, and raise Disagree if not all systems agree: for a schedule, whose colour is what people see."""
    report = reconcile(ws, plan)
    if report.agrees is not True:
        raise Disagree(f"{line([report])} `crossroads reconcile --list` names each.")


class _Work:
    """One comparison of one sync; only the newest of two that are alive may write."""

    def __init__(self, ws: Workspace, plan: Plan, repair: bool, tell: Tell) -> None:
        self.ws, self.plan, self.tell = ws, plan, tell
        self.id, self.at = newid(), ws.clock()
        self.run = f"{plan.sync}/repair-{self.id}" if repair else None
        self.lease = f"reconcile:{plan.sync}"
        self.report = Report(self.id, plan.sync, plan.entity, self.at)
        with ws.store.write() as db:
            self.fence = take(db, self.lease, at=self.at, who=self.id)
            _begun(db, [(self.id, plan.sync, plan.entity, self.at, "{}")])
        if self.run:
            begin(ws, plan, self.run)

    def done(self) -> Report:
        """Ask one system after the other, repair if asked to, and close."""
        for member in self.plan.between:
            if member.read:
                self.report.streams.append(self._asked(member))
        self._loose()
        with self.ws.store.read() as db:
            rows = table(Profile)
            mine = rows.c.entity == self.plan.entity
            self.report.profiles = db.execute(select(func.count()).select_from(rows).where(mine)).scalar_one()
        if self.run:
            self.report.problems = finish(self.ws, self.plan, self.run)
        self._close()
        return self.report

    def _asked(self, member: Member) -> Stream:
        """Compare one stream. A system that does not answer keeps no other from being asked."""
        stream = Stream(member.connection, member.stream)
        try:
            with (
                step(self.ws, self.run, "pull", member.name) if self.run else nullcontext(),
                self.ws.open(member.connection) as connector,
            ):
                self._compare(member, connector, stream)
        except Superseded:
            raise
        except Exception as error:
            # Of an error that is not ours the class is all that may be told: its message may carry a value.
            stream.error = (
                words.kept(str(error)) if isinstance(error, CrossroadsError) else type(error).__name__
            )
        return stream

    def _compare(self, member: Member, connector: Connector[Any], stream: Stream) -> None:
        offered = connector.streams[member.stream]
        stream.deletes = offered.deletes
        lens = self.ws.lens(member.connection, member.stream)
        comparison, listing = Comparison(self.ws, self.plan, member, lens), Listing()
        repair = Repair(comparison, connector, self.run) if self.run else None
        began = newid()
        for batch in connector.read(offered, State()):
            page = self._page(comparison, stream, batch.records, repair)
            listing.note(batch, page.keys)
            stream.counts["there"] += len(page.keys)
            self.tell(member.name, stream.counts["there"])
        stream.doubt = listing.doubt()
        for absent in self._absent(member, stream, listing, began):
            if stream.doubt is not None:
                stream.counts["unproved"] += len(absent)
                continue
            back = self._page(comparison, stream, _fetched(connector, offered, absent), repair)
            stream.counts["there"] += len(back.keys)
            vanished = [key for key in absent if key not in back.keys]
            self._keep(stream, member, [Found("vanished", key, why=offered.deletes) for key in vanished])
        with self.ws.store.read() as db:
            pieces = [
                reconcile_store.doubled(db, member),
                reconcile_store.orphans(db, member),
                *reconcile_store.missing(db, member, lens),
            ]
        for found in pieces:
            self._keep(stream, member, found)
            if repair:
                repair.queue(found)
        self._end(stream, listing)

    def _page(
        self, comparison: Comparison, stream: Stream, records: Sequence[Record], repair: Repair | None
    ) -> Page:
        with self.ws.store.read() as db:
            page = comparison.page(db, records)
        stream.counts.update(same=page.same, touched=page.touched, busy=page.busy, aside=page.aside)
        self._keep(stream, comparison.member, page.found)
        if repair:
            repair.take_in(page.fresh)
            repair.queue(page.found)
        return page

    def _absent(self, member: Member, stream: Stream, listing: Listing, began: str) -> Iterator[list[str]]:
        """Yield the keys that we know and that did not come; a record made since reading began cannot have come."""
        rows = table(Contribution)
        mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, ~rows.c.gone,
                rows.c.blocked.is_(None))  # fmt: skip
        query = select(rows.c.id, rows.c.key).where(*mine, rows.c.id < began).order_by(rows.c.id)
        after = ""
        while True:
            with self.ws.store.read() as db:
                some = db.execute(query.where(rows.c.id > after).limit(LOOK * 4)).all()
            if not some:
                return
            after = some[-1].id
            stream.counts["known"] += len(some)
            absent = [row.key for row in some if row.key not in listing]
            for start in range(0, len(absent), LOOK):
                yield absent[start : start + LOOK]

    def _keep(self, stream: Stream, member: Member | None, found: Sequence[Found]) -> None:
        if not found:
            return
        stream.note(found)
        with self.ws.store.write() as db:
            hold(db, self.lease, self.fence)
            reconcile_rows.keep(db, stream, member, found, run=self.id, at=self.ws.clock())

    def _end(self, stream: Stream, listing: Listing) -> None:
        at = self.ws.clock()
        with self.ws.store.write() as db:
            hold(db, self.lease, self.fence)
            if ended := reconcile_rows.end(db, stream, listing, run=self.id, at=at):
                journal.append(
                    db,
                    [journal.Line("reconcile", stream.name, {"came right": ended})],
                    run=self.run or self.id,
                    at=at,
                )

    def _loose(self) -> None:
        """Look for what hangs in the air in the store itself; it is shown only where there is something."""
        stream = Stream("", STORE)
        with self.ws.store.read() as db:
            found = reconcile_store.loose(db, self.plan)
        self._keep(stream, None, found)
        self._end(stream, Listing())
        if found:
            self.report.streams.append(stream)

    def _close(self) -> None:
        report, at = self.report, self.ws.clock()
        rows = table(Reconciliation)
        with self.ws.store.write() as db:
            hold(db, self.lease, self.fence)
            if self.run:
                report.repaired = report.found - self._left(reconcile_rows.standing(db))
            told = report.told()
            values = {"ended_at": at, "agrees": report.agrees, "summary": orjson.dumps(told).decode()}
            db.execute(update(rows).where(rows.c.id == self.id).values(**values))
            against = {stream.name: dict(stream.against) for stream in report.streams if stream.against}
            silent = [stream.name for stream in report.streams if stream.error]
            body = {"agrees": report.agrees, "against": against, "not asked": silent}
            entry = journal.Line("reconcile", self.plan.sync, body)
            journal.append(db, [entry], run=self.run or self.id, at=at)

    def _left(self, standing: Sequence[reconcile_rows.Open]) -> int:
        return sum(one.disagrees and one.run == self.id for one in standing)


def _fetched(connector: Connector[Any], stream: Offered, keys: Sequence[str]) -> list[Record]:
    """Return those records of the keys that are there after all; none, where single records cannot be asked for."""
    try:
        return list(connector.fetch(stream, keys))
    except (NotImplementedError, ConfigError, RecordRejected):
        return []
