"""Replay: read the stored raw copies of a stream by its present mapping, without asking the system.

The content is the one that was read before, so nothing in it is news: what came from us stays an echo whatever the new
mapping makes of it, and a field no mapping had shown before is the system's own word since that content was read.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select, update

from crossroads import journal
from crossroads.engine import again, apart, aside, echo, outcomes
from crossroads.engine.attempt import attempt
from crossroads.engine.echo import Held
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.raw import unpack
from crossroads.engine.remapped import remapped
from crossroads.engine.run import hold, step, take
from crossroads.engine.standing import standing
from crossroads.engine.workspace import Workspace
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens, Notice
from crossroads.plan import Member, Plan
from crossroads.records import Record
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Rejected, Run

KIND = "replay"
CHUNK = 500
Progress = Callable[[int, int], None]
"""Told how many records are done, of how many."""


class Stored(NamedTuple):
    """A contribution with the raw copy it was read from; without a digest, the copy is older than what we wrote into it."""

    key: str
    digest: str
    mapping: str
    record: Record
    read_at: str
    blocked: str | None
    held: Held

    def __repr__(self) -> str:
        return f"Stored({self.key})"


def replay(
    ws: Workspace, connection: str, stream: str, *, keys: Sequence[str] | None = None, every: bool = False,
    progress: Progress = lambda done, of: None,
) -> tuple[str, dict[str, int]]:  # fmt: skip
    """Read again what is stored of a stream; return the run's name and how its records ended.

    Those records that another version of the mapping read, or all (`every`: after an upgrade that reads values otherwise),
    and of these, or of all, only certain `keys`; and with them the records that were set aside. Killed, it goes on where
    it was when it is asked for again.
    """
    plan, member = apart.member(ws, connection, stream)
    version = ws.lens(connection, stream).version
    run = apart.open_run(ws, plan, KIND, apart.asked(member, version, every, sorted(set(keys or ()))))
    with step(ws, run, KIND, member.name), attempt() as who:
        replayer = Replayer(ws, plan, member, run, who)
        with ws.store.read() as db:
            chosen = replayer.chosen(db, keys, every=every)
            refused = replayer.refused(db, keys, every=every)
        for number, some in enumerate(chunks(chosen, CHUNK)):
            replayer.chunk(some, every=every)
            progress(number * CHUNK + len(some), len(chosen))
    if refused:
        again.again(ws, plan, member, run, KIND, refused, {})
    return run, apart.close_run(ws, run, KIND, [member])


class Replayer:
    """Reads the stored copies of one stream again, in one attempt."""

    def __init__(self, ws: Workspace, plan: Plan, member: Member, run: str, who: str) -> None:
        self.ws, self.plan, self.member, self.run = ws, plan, member, run
        self.lens: Lens = ws.lens(member.connection, member.stream)
        self.lease = f"{KIND}:{member.name}"
        with ws.store.write() as db:
            self.fence = take(db, self.lease, at=ws.clock(), who=who)
            self.outcomes = Outcomes.load(db, run, KIND, member.name)
            self.standing = standing(db, member)

    def chosen(self, db: Connection, keys: Sequence[str] | None, *, every: bool) -> list[str]:
        """Return the keys of the records to be read again, without those an earlier attempt has read."""
        rows = table(Contribution)
        query = select(rows.c.key).where(*self._mine(rows)).order_by(rows.c.key)
        if not every:
            query = query.where(rows.c.mapping != self.lens.version)
        done = outcomes.ended(db, self.run, KIND, self.member.name)
        return [key for key in _of(db, query, rows, keys) if key not in done]

    def refused(self, db: Connection, keys: Sequence[str] | None, *, every: bool) -> list[str]:
        """Return the keys of the records that were set aside, and may be readable by now."""
        rows = table(Rejected)
        query = select(rows.c.key).where(*self._mine(rows), rows.c.step == "pull").order_by(rows.c.key)
        if not every:
            query = query.where(rows.c.digest.not_like(f"%/{self.lens.version}"))
        return list(_of(db, query, rows, keys))

    def _mine(self, rows: Any) -> tuple[Any, Any]:
        return rows.c.connection == self.member.connection, rows.c.stream == self.member.stream

    def chunk(self, keys: Sequence[str], *, every: bool) -> None:
        """Read some records again and store what changed, in one transaction."""
        at, lens = self.ws.clock(), self.lens
        notices: list[Notice] = []
        ended: dict[str, str] = {}
        rejected: list[tuple[str, Sequence[str], Record]] = []
        changed: list[Held] = []
        with self.ws.store.write() as db:
            hold(db, self.lease, self.fence)
            stored = self._stored(db, keys)
            refused = self.standing.marks(lens.version) | aside.refused(db, self.member)
            # A newer version of the record may be set aside: that is not what is read here.
            newer = {
                one.key for one in stored if refused.get(one.key, one.digest).partition("/")[0] != one.digest
            }
            edited = self.standing.edited
            records = [edited.get((one.key, one.digest), one.record) for one in stored]
            documents = lens.read(records, notices)
            for one, record, document in zip(stored, records, documents, strict=True):
                if one.mapping == lens.version and not every:
                    ended[one.key] = "unchanged"  # read by a sync meanwhile
                elif isinstance(document, RecordRejected):
                    ended[one.key] = "rejected"
                    if one.key not in newer:
                        rejected.append((one.key, document.reasons, one.record))
                else:
                    document = lens.completed(record, document, one.held.holds)
                    held = (
                        one.held  # what a blocked record says is no news by any mapping
                        if one.blocked
                        else remapped(one.held, document, lens, one.read_at, true=bool(one.digest))
                    )
                    ended[one.key] = "applied" if held.differs else "unchanged"
                    changed.append(held)
            self._keep(db, changed)
            marks = {key: mark for key, mark in refused.items() if key not in newer}
            aside.keep(db, self.member, lens, rejected, notices, ended, marks, self.run, at)
            ended |= dict.fromkeys(set(keys) - ended.keys(), "superseded")  # deleted meanwhile
            self.outcomes.add(db, keys, ended)
            counts = {name: list(ended.values()).count(name) for name in sorted(set(ended.values()))}
            journal.append(
                db,
                [journal.Line(KIND, self.member.name, {**counts, "mapping": lens.version})],
                run=self.run,
                at=at,
            )

    def _stored(self, db: Connection, keys: Sequence[str]) -> list[Stored]:
        rows, runs = table(Contribution), table(Run)
        names = ("key", "digest", "mapping", "raw", "dictionary", "run", "blocked")
        columns = [rows.c[name] for name in names]
        query = select(*columns, *(rows.c[name] for name in echo.COLUMNS)).where(*self._mine(rows))
        found = db.execute(query.where(rows.c.key.in_(keys)).order_by(rows.c.key).with_for_update()).all()
        query = select(runs.c.id, runs.c.started_at).where(runs.c.id.in_({row.run for row in found}))
        began = {row.id: row.started_at for row in db.execute(query)}
        result = []
        for key, digest, mapping, raw, dictionary, run, blocked, *rest in found:
            held = echo.read(rest)
            read_at = held.changed_at or began.get(run, held.said_at)
            record = unpack(db, raw, dictionary)
            result.append(Stored(key, digest, mapping, record, read_at, blocked, held))
        return result

    def _keep(self, db: Connection, changed: Sequence[Held]) -> None:
        rows = table(Contribution)
        if moved := [held for held in changed if held.differs]:
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("holds", "echo", "since")}
            mine = update(rows).where(rows.c.id == bindparam("row"))
            db.execute(mine.values(**values, dirty=1), [_values(held) for held in moved])
        for some in chunks([held.id for held in changed]):
            db.execute(update(rows).where(rows.c.id.in_(some)).values(mapping=self.lens.version))


def _values(held: Held) -> dict[str, Any]:
    holds, _, ours, since, *_ = held.row()
    return {"row": held.id, "new_holds": holds, "new_echo": ours, "new_since": since}


def _of(db: Connection, query: Select[Any], rows: Any, keys: Sequence[str] | None) -> Sequence[str]:
    if keys is None:
        return db.execute(query).scalars().all()
    return [
        key
        for some in chunks(sorted(set(keys)))
        for key in db.execute(query.where(rows.c.key.in_(some))).scalars()
    ]
