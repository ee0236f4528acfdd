"""One page of a stream on its way into the store.

A record that is as we know it costs a hash and a look-up. One that cannot be translated is set aside with every reason,
and the page goes on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import orjson
from sqlalchemy import Connection

from crossroads import journal
from crossroads.engine import aside, deletes, echo, ledger, restored
from crossroads.engine.blocks import lock, released, silenced
from crossroads.engine.entered import Page, keyed
from crossroads.engine.known import Known, changed, known
from crossroads.engine.listing import Listing
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.raw import Raw, storable
from crossroads.engine.remapped import remapped
from crossroads.engine.run import hold, take
from crossroads.engine.schema_watch import Watch
from crossroads.engine.standing import standing
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import Batch, State, Stream
from crossroads.store import newid
from crossroads.store.clock import widened
from crossroads.store.session import Bulk
from crossroads.store.tables import Contribution, StreamState

_COLUMNS = (
    "id", "entity", "connection", "stream", "key", "version", "digest", "mapping", "holds", "said", "echo", "since",
    "said_at", "changed_at", "raw", "dictionary", "signature", "gone", "blocked", "dirty", "run",
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


class Reader:
    """Stores pages of one stream in one attempt."""

    def __init__(
        self,
        ws: Workspace,
        plan: Plan,
        member: Member,
        stream: Stream,
        lens: Lens,
        run: str,
        who: str,
        *,
        step: str = "pull",
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
        self.lease = f"{step}:{member.name}"
        self.scope = (plan.entity, member.name)
        self.together = partial(ws.survivorship.together, plan.entity)
        with ws.store.write(self.scope) as db:
            self.fence = take(db, self.lease, at=ws.clock(), who=who)
            self.outcomes = Outcomes.load(db, run, step, member.name)
            deletes.tidy(db, member)
            self.waiting = deletes.waiting(db, member)
            self.watch = Watch(db, member, lens)
            self.standing = standing(db, member)
            self.restored = restored.lately(db, ws.clock())
        self.listing: Listing | None = None
        self.compares = False

    def store(self, batch: Batch, state: State | None) -> None:
        """Store one page and the cursor that is true once it is stored."""
        if batch.gone and self.stream.deletes == "none":
            raise ConfigError(
                f"{self.member.name}: its connector reports deleted records, and declares that it sees none. Correct "
                "`deletes` of the stream in its manifest."
            )
        at = self.ws.clock()
        page = keyed(self.lens, self.member, self.stream, batch.records)
        gone = [key for key in batch.gone if storable(key)]  # of another one there is nothing in the store
        with self.ws.store.write(self.scope) as db:
            hold(db, self.lease, self.fence)
            refused = self.standing.marks(self.lens.version) | aside.refused(db, self.member)
            before = self._known(db, list(page.records))
            self._translate(page, self._changed(page, before, refused))
            self._keep(db, page, before, at)
            self._deleted(db, page, gone, at)
            aside.keep(
                db, self.member, self.lens, page.rejected, page.notices, page.ended, refused, self.run, at
            )
            self.watch.look(db, page.records, page.payloads, run=self.run, at=at)
            self.outcomes.add(db, [*page.entered, *gone], page.ended)
            counts = Counter(page.ended.values())
            if counts.keys() - {"unchanged"}:
                journal.append(
                    db, [journal.Line("pull", self.member.name, dict(counts))], run=self.run, at=at
                )
            if state is not None:
                _state(db, [self._left(state)])
        if self.listing is not None:
            self.listing.note(batch, page.listed)

    def _known(self, db: Connection, keys: Sequence[str]) -> Mapping[str, Known]:
        """Return what the store has of the records with these keys."""
        return known(db, self.member, keys)

    def _changed(self, page: Page, known: Mapping[str, Known], refused: Mapping[str, str]) -> list[str]:
        """Return the keys of the records that are not as we know them."""
        # Who compares everything does not ask the version whether anything changed: not every system moves it for each field.
        version = None if self.compares else self.stream.version
        return changed(page, known, refused, version, self.lens.version)

    def judge(self, absent: Sequence[str], there: Sequence[str]) -> None:
        """Weigh the deletions that this read told, the `absent` ones too; forget those of records that are still `there`."""
        at = self.ws.clock()
        with self.ws.store.write(self.scope) as db:
            hold(db, self.lease, self.fence)
            deletes.came_back(db, self.member, there)
            deletes.tell(db, self.member, absent, "absent", self.waiting, self.run, at)
            ended = deletes.judge(db, self.member, self.stream, self.run, at)
            self.outcomes.add(db, ended, ended)

    def _deleted(self, db: Connection, page: Page, gone: Sequence[str], at: str) -> None:
        """Note the deletions that came with a page, and forget those of records that came."""
        if back := self.waiting.keys() & page.records.keys():
            deletes.came_back(db, self.member, back)
            self.waiting = {key: state for key, state in self.waiting.items() if key not in back}
        if gone:
            how = self.stream.deletes
            page.ended |= deletes.tell(db, self.member, gone, how, self.waiting, self.run, at)
            self.waiting |= {key: "told" for key in gone if key not in page.ended}

    def read_whole(self, state: State) -> None:
        """Store the cursor at the end of a read of everything, and that it was read by this mapping."""
        with self.ws.store.write(self.scope) as db:
            hold(db, self.lease, self.fence)
            _whole(db, [(*self._left(state), self.lens.version)])

    def _translate(self, page: Page, changed: Sequence[str]) -> None:
        if not changed:
            return
        # What a person repaired is read as it was edited, as long as the system shows the content that was repaired.
        edited = self.standing.edited
        records = [edited.get((key, page.payloads[key][0]), page.records[key]) for key in changed]
        for key, document in zip(changed, self.lens.read(records, page.notices), strict=True):
            if isinstance(document, RecordRejected):
                page.reject(key, document.reasons, page.records[key])
            else:
                page.documents[key] = document
                page.ended[key] = "applied"

    def _keep(self, db: Connection, page: Page, former: Mapping[str, Known], at: str) -> None:
        """Store what the changed records hold now, and what of it is their system's own word."""
        old = echo.held(db, self.member, [key for key in page.documents if key in former])
        unanswered = ledger.unanswered(db, self.member) if old else {}
        for key in unanswered.keys() & old.keys():
            old[key] = old[key].arrived(unanswered[key], page.documents[key])
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
            before, blocked = former.get(key), lock(record, self.stream.blocked)
            if blocked is not None:
                held = silenced(old.get(key), document, moved_at, at)
            elif before is not None and before.blocked is not None:
                held = released(old[key], document, moved_at, at, self.together)
            elif before is not None and before.digest == digest and before.mapping != self.lens.version:
                read_at = old[key].changed_at or old[key].said_at
                held = remapped(old[key], document, self.lens, read_at, true=True)
            else:
                held = echo.heard(old.get(key), document, moved_at, at, self.together)
            moved = before is not None and (before.gone or before.blocked != blocked)
            dirty = int(held.dirty or held.differs or moved)
            token = record.get(version) if version else None
            rows.append((held.id or newid(), entity, connection, stream, key, token, digest, self.lens.version, *held.row(),
                         *self.raw.pack(content), "", False, blocked, dirty, self.run))  # fmt: skip
        _contribution(db, rows)
        if self.restored:
            named = (
                (key, self.lens.made_for(page.records[key])) for key in page.documents if key not in former
            )
            restored.note(db, self.member, [(key, profile) for key, profile in named if profile], at)

    def _left(self, state: State) -> tuple[str, str, str, str, str]:
        system = self.ws.system(self.member.connection)
        cursor = orjson.dumps(dict(state.cursor), option=orjson.OPT_SORT_KEYS).decode()
        return self.member.connection, self.member.stream, system.system, system.origin, cursor
