"""One page of a stream on its way into the store.

A record that is as we know it costs a hash and a look-up. One that cannot be translated is set aside with every reason,
and the page goes on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, select
from xxhash import xxh3_128_hexdigest

from crossroads import journal
from crossroads.canonical import Document
from crossroads.engine import aside, echo, restored
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.raw import Raw, checked, original, payload, storable
from crossroads.engine.run import hold, take
from crossroads.engine.workspace import Workspace
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens, Notice
from crossroads.plan import Member, Plan
from crossroads.records import Batch, Record, State, Stream
from crossroads.store import newid
from crossroads.store.clock import widened
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Contribution, StreamState

_COLUMNS = (
    "id", "entity", "connection", "stream", "key", "version", "digest", "mapping", "holds", "said", "echo", "since",
    "said_at", "changed_at", "raw", "dictionary", "signature", "gone", "dirty", "run",
)  # fmt: skip
_KEPT = ("id", "entity", "connection", "stream", "key", "said_at", "signature")
_contribution = Bulk(
    Contribution,
    _COLUMNS,
    conflict=("connection", "stream", "key"),
    update=[column for column in _COLUMNS if column not in _KEPT],
)
_state = Bulk(StreamState, ("connection", "stream", "system", "origin", "cursor"))
_whole = Bulk(StreamState, ("connection", "stream", "system", "origin", "cursor", "mapping"))


class Known(NamedTuple):
    """What the store has of a record, as much as tells whether it changed."""

    digest: str
    version: str | None
    mapping: str
    gone: bool


@dataclass
class Page:
    """The records of one page by key, and what becomes of each; `entered` names every record that came."""

    entered: list[str] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict, repr=False)
    payloads: dict[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)
    documents: dict[str, Document] = field(default_factory=dict, repr=False)
    rejected: list[tuple[str, Sequence[str], Record]] = field(default_factory=list, repr=False)
    notices: list[Notice] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)

    def reject(self, key: str, reasons: Sequence[str], record: Record) -> None:
        """Set a record aside."""
        self.rejected.append((key, reasons, record))
        self.ended[key] = "rejected"


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
        self.scope = (plan.entity, member.name)
        self.fields: set[str] = set()
        self.together = partial(ws.survivorship.together, plan.entity)
        with ws.store.write(self.scope) as db:
            self.fence = take(db, self.lease, at=ws.clock(), who=who)
            self.outcomes = Outcomes.load(db, run, "pull", member.name)
            self.restored = restored.lately(db, ws.clock())

    def store(self, batch: Batch, state: State | None) -> None:
        """Store one page and the cursor that is true once it is stored."""
        at = self.ws.clock()
        page = Page()
        self._key(page, batch.records)
        gone = [key for key in batch.gone if storable(key)]  # of another one there is nothing in the store
        with self.ws.store.write(self.scope) as db:
            hold(db, self.lease, self.fence)
            refused = aside.refused(db, self.member)
            known = self._known(db, list(page.records))
            self._translate(page, self._changed(page, known, refused))
            self._keep(db, page, known, at)
            aside.gone(db, self.member, gone, page.ended)
            aside.keep(
                db, self.member, self.lens, page.rejected, page.notices, page.ended, refused, self.run, at
            )
            aside.unnamed(db, self.member, self.lens, page.records.values(), self.fields, at)
            self.outcomes.add(db, [*page.entered, *gone], page.ended)
            counts = Counter(page.ended.values())
            if counts.keys() - {"unchanged"}:
                journal.append(
                    db, [journal.Line("pull", self.member.name, dict(counts))], run=self.run, at=at
                )
            if state is not None:
                _state(db, [self._left(state)])

    def read_whole(self, state: State) -> None:
        """Store the cursor at the end of a read of everything, and that it was read by this mapping."""
        with self.ws.store.write(self.scope) as db:
            hold(db, self.lease, self.fence)
            _whole(db, [(*self._left(state), self.lens.version)])

    def _key(self, page: Page, records: Sequence[Record]) -> None:
        twice: set[str] = set()
        for place, record in enumerate(records):
            try:
                key = name = checked(self.lens.key(record))
            except RecordRejected as error:
                mark = xxh3_128_hexdigest(original(record))[:12]
                page.entered.append(f"without-key-{mark}-{place}")
                page.reject(f"without-key-{mark}-{place}", error.reasons, record)
                continue
            if key in page.records:
                name = f"{key} (again, {place})"
                if page.records[key] != record:
                    twice.add(key)
                page.ended[name] = "rejected" if key in twice else "superseded"
            page.entered.append(name)
            page.records[key] = record
        for key in twice:
            reason = (
                f"Record {key}: one page holds two different records with this key, so neither can be trusted. Check "
                f"that {self.stream.key!r} is the key of {self.member.name} and that its paging has a unique order."
            )
            page.reject(key, [reason], page.records.pop(key))

    def _known(self, db: Connection, keys: Sequence[str]) -> dict[str, Known]:
        rows = table(Contribution)
        columns = select(rows.c.key, rows.c.digest, rows.c.version, rows.c.mapping, rows.c.gone).where(
            rows.c.connection == self.member.connection, rows.c.stream == self.member.stream
        )
        found: dict[str, Known] = {}
        for some in chunks(keys):
            for key, *rest in db.execute(columns.where(rows.c.key.in_(some))).all():
                found[key] = Known._make(rest)
        return found

    def _changed(self, page: Page, known: Mapping[str, Known], refused: Mapping[str, str]) -> list[str]:
        """Return the keys of the records that are not as we know them; the others have ended."""
        changed = []
        version, mapping = self.stream.version, self.lens.version
        for key, record in page.records.items():
            before = known.get(key)
            same_mapping = before is not None and before.mapping == mapping and not before.gone
            if (
                same_mapping
                and version
                and before
                and before.version
                and before.version == record.get(version)
            ):
                page.ended[key] = "unchanged"
                continue
            try:
                content = payload(record)
            except RecordRejected as error:
                page.reject(key, error.reasons, record)
                continue
            digest = xxh3_128_hexdigest(content)
            if same_mapping and before and before.digest == digest:
                page.ended[key] = "unchanged"
            elif refused.get(key) == f"{digest}/{mapping}":
                page.ended[key] = "rejected"
            else:
                page.payloads[key] = (digest, content)
                changed.append(key)
        return changed

    def _translate(self, page: Page, changed: Sequence[str]) -> None:
        if not changed:
            return
        records = [page.records[key] for key in changed]
        for key, document in zip(changed, self.lens.read(records, page.notices), strict=True):
            if isinstance(document, RecordRejected):
                page.reject(key, document.reasons, page.records[key])
            else:
                page.documents[key] = document
                page.ended[key] = "applied"

    def _keep(self, db: Connection, page: Page, known: Mapping[str, Known], at: str) -> None:
        """Store what the changed records hold now, and what of it is their system's own word."""
        old = echo.held(db, self.member, [key for key in page.documents if key in known])
        self.raw.train(db, [page.payloads[key][1] for key in page.documents])
        entity, connection, stream, version = (
            self.plan.entity,
            self.member.connection,
            self.member.stream,
            self.stream.version,
        )
        rows = []
        for key, document in page.documents.items():
            record, (digest, content) = page.records[key], page.payloads[key]
            changed_at = self.lens.changed_at(record)
            moved_at = widened(changed_at) if changed_at else None
            held = echo.heard(old.get(key), document, moved_at, at, self.together)
            came_back = key in known and known[key].gone
            dirty = int(held.dirty or held.differs or came_back)
            token = record.get(version) if version else None
            rows.append((held.id or newid(), entity, connection, stream, key, token, digest, self.lens.version, *held.row(),
                         *self.raw.pack(content), "", False, dirty, self.run))  # fmt: skip
        _contribution(db, rows)
        if self.restored:
            named = (
                (key, self.lens.made_for(page.records[key])) for key in page.documents if key not in known
            )
            restored.note(db, self.member, [(key, profile) for key, profile in named if profile], at)

    def _left(self, state: State) -> tuple[str, str, str, str, str]:
        system = self.ws.system(self.member.connection)
        cursor = orjson.dumps(dict(state.cursor), option=orjson.OPT_SORT_KEYS).decode()
        return self.member.connection, self.member.stream, system.system, system.origin, cursor
