"""One page of a stream on its way into the store.

A record that is as we know it costs a hash and a look-up. One that cannot be translated is set aside with every reason,
and the page goes on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from crossroads import journal
from crossroads.connector import Connector
from crossroads.engine import aside, deletes, restored
from crossroads.engine.entered import Page, keyed
from crossroads.engine.heard import keep
from crossroads.engine.known import Known, changed, known
from crossroads.engine.listing import Listing
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.raw import Raw, storable
from crossroads.engine.run import hold, take
from crossroads.engine.schema_watch import Watch
from crossroads.engine.standing import standing
from crossroads.engine.turns import Turns
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import Batch, State
from crossroads.store.session import Bulk
from crossroads.store.tables import StreamState

_state = Bulk(StreamState, ("connection", "stream", "system", "origin", "cursor"))
_whole = Bulk(StreamState, ("connection", "stream", "system", "origin", "cursor", "mapping"))
LOOKS = 3  # a record that somebody stores in between each time is left to the next run


class Reader:
    """Stores pages of one stream in one attempt."""

    def __init__(
        self,
        ws: Workspace,
        plan: Plan,
        member: Member,
        connector: Connector[Any],
        lens: Lens,
        run: str,
        who: str,
        *,
        step: str = "pull",
        turns: Turns | None = None,
    ) -> None:
        self.ws, self.plan, self.member, self.connector, self.lens, self.run = (
            ws,
            plan,
            member,
            connector,
            lens,
            run,
        )
        self.stream, self.turns = connector.streams[member.stream], turns or Turns(ws.store, member)
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
        self.behind = False

    def store(self, batch: Batch, state: State | None) -> None:
        """Store one page and the cursor that is true once it is stored.

        A record that somebody else stored since the page was asked for is asked for once more; the cursor has to wait for it.
        """
        if batch.gone and self.stream.deletes == "none":
            raise ConfigError(
                f"{self.member.name}: its connector reports deleted records, and declares that it sees none. Correct "
                "`deletes` of the stream in its manifest."
            )
        page = keyed(self.lens, self.member, self.stream, batch.records)
        gone = [key for key in batch.gone if storable(key)]  # of another one there is nothing in the store
        overlap = self._store(page, gone, state, self.turns)
        with suppress(NotImplementedError):  # then the next run reads the page again
            for _ in range(LOOKS):
                if not overlap:
                    break
                now = Turns(self.ws.store, self.member)
                records = list(self.connector.fetch(self.stream, overlap))
                overlap = self._store(keyed(self.lens, self.member, self.stream, records), [], state, now)
        self.behind |= bool(overlap)
        if self.listing is not None:
            self.listing.note(batch, page.listed)

    def _store(self, page: Page, gone: Sequence[str], state: State | None, asked: Turns) -> list[str]:
        """Store a page but for the records that somebody else stored since it was `asked` for; return their keys."""
        at = self.ws.clock()
        with self.ws.store.write(self.scope) as db:
            hold(db, self.lease, self.fence)
            refused = self.standing.marks(self.lens.version) | aside.refused(db, self.member)
            before = self._known(db, list(page.records))
            changed = self._changed(page, before, refused)
            overlap = [key for key in changed if key in before and asked.passed(before[key].turn)]
            page.ended |= dict.fromkeys(overlap, "superseded")
            self._translate(page, [key for key in changed if key not in page.ended])
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
            if state is not None and not overlap and not self.behind:
                _state(db, [self._left(state)])
        return overlap

    def _known(self, db: Connection, keys: Sequence[str]) -> Mapping[str, Known]:
        """Return what the store has of the records with these keys."""
        return known(db, self.member, keys)

    def _changed(self, page: Page, known: Mapping[str, Known], refused: Mapping[str, str]) -> list[str]:
        """Return the keys of the records that are not as we know them."""
        # Who compares everything does not ask the version whether anything changed: not every system moves it for each field.
        version = None if self.compares else self.stream.version
        return changed(page, known, refused, version, self.lens.version, self.stream.blocked)

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
        if self.behind:
            return
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
        keep(db, self, page, former, at)

    def _left(self, state: State) -> tuple[str, str, str, str, str]:
        system = self.ws.system(self.member.connection)
        cursor = orjson.dumps(dict(state.cursor), option=orjson.OPT_SORT_KEYS).decode()
        return self.member.connection, self.member.stream, system.system, system.origin, cursor
