"""Pull: read what changed in one stream, and store what it says, page by page, each page one transaction.

A record that is as we know it costs a hash and a look-up. One that cannot be translated is set aside with
every reason, and the page goes on. The cursor is stored in the transaction of its page, so that a killed pull
goes on where it was.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, exists, select
from xxhash import xxh3_128_hexdigest

from crossroads import journal
from crossroads.engine import echo
from crossroads.engine.attempt import attempt
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.raw import Raw
from crossroads.engine.run import compares, hold, step, take
from crossroads.engine.schedule import compare_due
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, RecordRejected
from crossroads.mapping import Lens, Notice
from crossroads.plan import Member, Plan
from crossroads.records import Batch, Record, State, Stream
from crossroads.store import newid
from crossroads.store.clock import widened
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Contribution, Rejected, StreamState
from crossroads.store.tables import Notice as NoticeRow

_new = Bulk(
    Contribution,
    ("id", "entity", "connection", "stream", "key", "version", "digest", "mapping", "holds", "said_at", "changed_at", "raw",
     "dictionary", "signature", "gone", "dirty", "run"),
    conflict=("connection", "stream", "key"),
    update=(),
)  # fmt: skip
_changed = Bulk(
    Contribution,
    ("id", "entity", "connection", "stream", "key", "version", "digest", "mapping", "holds", "said", "echo", "since", "said_at",
     "changed_at", "raw", "dictionary", "signature", "gone", "dirty", "run"),
    update=("version", "digest", "mapping", "holds", "said", "echo", "since", "changed_at", "raw", "dictionary", "gone", "dirty", "run"),
)  # fmt: skip
_rejected = Bulk(Rejected, ("connection", "stream", "key", "step", "reasons", "raw", "digest", "at", "run"))
_notice = Bulk(NoticeRow, ("connection", "stream", "key", "path", "reason", "at", "run"))
_state = Bulk(StreamState, ("connection", "stream", "system", "origin", "cursor"))


class Known(NamedTuple):
    """What the store has of a record, as much as tells whether it changed."""

    digest: str
    version: str | None
    mapping: str


def pull(ws: Workspace, plan: Plan, name: str, run: str) -> dict[str, int]:
    """Read one member of a sync and return how many records ended how."""
    member = plan.member(name)
    lens = ws.lens(member.connection, member.stream)
    with ws.store.read() as db:
        full = (
            compares(db, run)
            or compare_due(db, member, run, ws.clock())
            or _read_by_other_mapping(db, member, lens)
        )
        since = _since(ws, db, member)
    with (
        step(ws, run, "pull", name, compared=full),
        ws.open(member.connection) as connector,
        attempt() as who,
    ):
        reader = Reader(ws, plan, member, connector.streams[member.stream], lens, run, who)
        known_cursor = bool(since)
        state = since
        for batch in connector.read(reader.stream, State() if full else since):
            state = batch.state
            # While everything is compared the cursor of an old page must not replace the newest one.
            reader.store(batch, state if not (full and known_cursor) else None)
        if full and known_cursor:
            reader.advance(state)
        return dict(reader.outcomes.counts)


def _since(ws: Workspace, db: Connection, member: Member) -> State:
    states = table(StreamState)
    row = db.execute(
        select(states.c.system, states.c.origin, states.c.cursor).where(
            states.c.connection == member.connection, states.c.stream == member.stream
        )
    ).first()
    if row is None:
        return State()
    system = ws.system(member.connection)
    if row.origin != system.origin:
        raise ConfigError(
            f"{member.name}: the stored cursor belongs to another installation ({row.system}). If connection "
            f"{member.connection!r} was moved to this system on purpose, give it a new name; its "
            "records are other records."
        )
    return State(orjson.loads(row.cursor))


def _read_by_other_mapping(db: Connection, member: Member, lens: Lens) -> bool:
    rows = table(Contribution)
    other = (
        (rows.c.connection == member.connection)
        & (rows.c.stream == member.stream)
        & (rows.c.mapping != lens.version)
    )
    return bool(db.execute(select(exists().where(other))).scalar())


class Reader:
    """Stores pages of one stream in one attempt."""

    def __init__(
        self, ws: Workspace, plan: Plan, member: Member, stream: Stream, lens: Lens, run: str, who: str
    ) -> None:
        self.ws, self.plan, self.member, self.stream, self.lens, self.run = (
            ws,
            plan,
            member,
            stream,
            lens,
            run,
        )
        self.raw = Raw(ws.store, member)
        self.lease = f"pull:{member.name}"
        with ws.store.write() as db:
            self.fence = take(db, self.lease, at=ws.clock(), who=who)
            self.outcomes = Outcomes.load(db, run, "pull", member.name)

    def store(self, batch: Batch, state: State | None) -> None:
        """Store one page and the cursor that is true once it is stored."""
        at = self.ws.clock()
        ended: dict[str, str] = {}
        rejected: list[tuple[str, Sequence[str], Record]] = []
        records = self._keyed(batch.records, ended, rejected)
        digests: dict[str, tuple[str, bytes]] = {}
        with self.ws.store.write() as db:
            hold(db, self.lease, self.fence)
            known = self._known(db, list(records))
            refused = self._refused(db)
            changed: list[str] = []
            version = self.stream.version
            for key, record in records.items():
                before = known.get(key)
                if (
                    before
                    and version
                    and before.version == record.get(version)
                    and before.mapping == self.lens.version
                ):
                    ended[key] = "unchanged"
                    continue
                payload = orjson.dumps(record)
                digest = xxh3_128_hexdigest(payload)
                if before and before.digest == digest and before.mapping == self.lens.version:
                    ended[key] = "unchanged"
                elif refused.get(key) == f"{digest}/{self.lens.version}":
                    ended[key] = "rejected"
                else:
                    digests[key] = (digest, payload)
                    changed.append(key)
            notices: list[Notice] = []
            documents = self.lens.read([records[key] for key in changed], notices) if changed else []
            fresh: dict[str, Any] = {}
            for key, document in zip(changed, documents, strict=True):
                if isinstance(document, RecordRejected):
                    rejected.append((key, document.reasons, records[key]))
                    ended[key] = "rejected"
                else:
                    fresh[key] = document
                    ended[key] = "applied"
            self._write(db, fresh, records, digests, known, at)
            self._set_aside(db, rejected, digests, notices, refused, ended, at)
            self.outcomes.add(db, ended)
            counts = {
                outcome: sum(1 for o in ended.values() if o == outcome) for outcome in set(ended.values())
            }
            if counts.keys() - {"unchanged"}:
                journal.append(db, [journal.Line("pull", self.member.name, counts)], run=self.run, at=at)
            if state is not None:
                self._cursor(db, state)

    def advance(self, state: State) -> None:
        """Store a cursor on its own, at the end of a full compare."""
        with self.ws.store.write() as db:
            hold(db, self.lease, self.fence)
            self._cursor(db, state)

    def _keyed(
        self, records: Sequence[Record], ended: dict[str, str], rejected: list[Any]
    ) -> dict[str, Record]:
        found: dict[str, Record] = {}
        twice: set[str] = set()
        for record in records:
            try:
                key = self.lens.key(record)
            except RecordRejected as error:
                name = f"without-key-{xxh3_128_hexdigest(orjson.dumps(record))[:12]}"
                rejected.append((name, error.reasons, record))
                ended[name] = "rejected"
                continue
            if key in found and found[key] != record:
                twice.add(key)
            elif key in found:
                ended[f"{key} (again)"] = "superseded"
            found[key] = record
        for key in twice:
            reason = (
                f"Record {key}: one page holds two different records with this key, so neither can be "
                "trusted. "
                f"Check that {self.stream.key!r} is the key of {self.member.name} and that its paging "
                "has a unique order."
            )
            rejected.append((key, [reason], found.pop(key)))
            ended[key] = "rejected"
            ended[f"{key} (again)"] = "rejected"
        return found

    def _known(self, db: Connection, keys: Sequence[str]) -> dict[str, Known]:
        rows = table(Contribution)
        columns = select(rows.c.key, rows.c.digest, rows.c.version, rows.c.mapping).where(
            rows.c.connection == self.member.connection, rows.c.stream == self.member.stream
        )
        found: dict[str, Known] = {}
        for some in chunks(keys):
            for key, digest, version, mapping in db.execute(columns.where(rows.c.key.in_(some))):
                found[key] = Known(digest, version, mapping)
        return found

    def _refused(self, db: Connection) -> dict[str, str]:
        rows = table(Rejected)
        mine = (
            (rows.c.connection == self.member.connection)
            & (rows.c.stream == self.member.stream)
            & (rows.c.step == "pull")
        )
        return {key: digest for key, digest in db.execute(select(rows.c.key, rows.c.digest).where(mine))}

    def _write(
        self, db: Connection, fresh: dict[str, Any], records: dict[str, Record], digests: dict[str, tuple[str, bytes]],
        known: dict[str, Known], at: str,
    ) -> None:  # fmt: skip
        if not fresh:
            return
        old = echo.held(db, self.member, [key for key in fresh if key in known])
        self.raw.train(db, [digests[key][1] for key in fresh])
        new_rows, changed_rows = [], []
        entity, connection, stream = self.plan.entity, self.member.connection, self.member.stream
        for key, document in fresh.items():
            digest, payload = digests[key]
            raw, dictionary = self.raw.pack(payload)
            said_at = self.lens.changed_at(records[key])
            changed_at = widened(said_at) if said_at else None
            version = records[key].get(self.stream.version) if self.stream.version else None
            before = old.get(key)
            if before is None:
                holds = orjson.dumps({p: v for p, v in document.items() if v is not None}).decode()
                new_rows.append((newid(), entity, connection, stream, key, version, digest, self.lens.version, holds,
                                 changed_at or at, changed_at, raw, dictionary, "", False, 1, self.run))  # fmt: skip
            else:
                after = before.told(document, changed_at, at)
                changed_rows.append((before.id, entity, connection, stream, key, version, digest, self.lens.version, *after.row(),
                                     raw, dictionary, "", False, max(before.dirty, int(after.differs)), self.run))  # fmt: skip
        _new(db, new_rows)
        _changed(db, changed_rows)

    def _set_aside(
        self, db: Connection, rejected: list[tuple[str, Sequence[str], Record]], digests: dict[str, tuple[str, bytes]],
        notices: list[Notice], refused: dict[str, str], ended: dict[str, str], at: str,
    ) -> None:  # fmt: skip
        connection, stream = self.member.connection, self.member.stream
        rows = []
        for key, reasons, record in rejected:
            payload = digests[key][1] if key in digests else orjson.dumps(record)
            mark = f"{xxh3_128_hexdigest(payload)}/{self.lens.version}"
            if refused.get(key) != mark:
                rows.append(
                    (
                        connection,
                        stream,
                        key,
                        "pull",
                        orjson.dumps(list(reasons)).decode(),
                        payload,
                        mark,
                        at,
                        self.run,
                    )
                )
        _rejected(db, rows)
        _notice(db, [(connection, stream, n.key, n.path, n.reason, at, self.run) for n in notices])
        healed = [key for key in refused if ended.get(key) in ("applied", "unchanged")]
        if healed:
            table_ = table(Rejected)
            mine = (
                (table_.c.connection == connection) & (table_.c.stream == stream) & (table_.c.step == "pull")
            )
            db.execute(table_.delete().where(mine, table_.c.key.in_(healed)))

    def _cursor(self, db: Connection, state: State) -> None:
        system = self.ws.system(self.member.connection)
        cursor = orjson.dumps(dict(state.cursor), option=orjson.OPT_SORT_KEYS).decode()
        _state(db, [(self.member.connection, self.member.stream, system.system, system.origin, cursor)])
