"""Plan a push: turn what a target should hear into intents, each the smallest patch that makes its record say so."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from crossroads.engine import ledger, parking, renewal, reviews, targets, unmapped, words
from crossroads.engine.due import note_due
from crossroads.engine.intended import Intended, Unread, Waits, Withheld, Write
from crossroads.engine.run import was_read
from crossroads.engine.taken_out import staying
from crossroads.engine.targets import Target
from crossroads.engine.workspace import Workspace
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.store import newid
from crossroads.store.scopes import Scope
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Due, Intent, Notice, Rejected

_intent = Bulk(
    Intent,
    ("id", "entity", "connection", "stream", "profile", "slot", "state", "document", "patch", "reference", "version",
     "attempts", "fence", "planned_at", "run"),
    update=(),
)  # fmt: skip
_notice = Bulk(Notice, ("connection", "stream", "key", "path", "reason", "at", "run"))
_STAYS = (
    "It was taken out of its list elsewhere and is left here as it is: a sync takes no item out of a list. Take it out "
    "here too if it shall go."
)
_rejected = Bulk(Rejected, ("connection", "stream", "key", "step", "reasons", "at", "run", "digest"))


def scopes(entity: str, member: Member, lens: Lens) -> list[Scope]:
    """Return what a plan of a target stream is alone with: that stream, and those of the target that its records need."""
    needed = {(one.entity, f"{member.connection}.{one.stream}") for one in lens.references.values()}
    return [(entity, member.name), *sorted(needed)]


class Planner:
    """Plans the writes of one target stream."""

    def __init__(
        self,
        ws: Workspace,
        entity: str,
        member: Member,
        lens: Lens,
        run: str,
        *,
        creatable: Mapping[str, bool],
        read: bool | None = None,
    ) -> None:
        self.ws, self.entity, self.member, self.lens, self.run = ws, entity, member, lens, run
        self.scopes = scopes(entity, member, lens)
        self.creatable = creatable
        self.read = (
            read  # whether it is known who is in the target; if not said, whether this run has read it
        )
        self.place = (member.connection, member.stream)

    def chunk(self, db: Connection) -> tuple[list[str], dict[str, str]]:
        """Plan the next profiles that are due; return the records considered and how those ended that need no write."""
        at = self.ws.clock()
        profiles = targets.due(db, self.member)
        golden = targets.golden(db, profiles)
        records = targets.targets(db, self.member, profiles)
        references = targets.references(db, self.member, self.lens, golden)
        gone = targets.gone(db, self.member, profiles)
        open_ = reviews.contested(db, self.ws.survivorship, self.entity, golden)
        held = ((profile, target.held) for profile, those in records.items() for target in those)
        lost = unmapped.of(db, golden, held)
        intended = Intended(db, self.member, self.lens, self.creatable, read=self._was_read(db))
        considered: list[str] = []
        ended: dict[str, str] = {}
        waiting: set[str] = set()
        intents: list[tuple[Any, ...]] = []
        rejected: list[tuple[Any, ...]] = []
        stays: list[tuple[Any, ...]] = []
        for profile in profiles:
            if profile not in golden:
                considered.append(profile)
                ended[profile] = "superseded"  # it was merged into another since
                continue
            document = golden[profile]
            those: list[Target | None] = [*records.get(profile, ())]
            for target in those or [None]:
                name = target.key if target else profile
                considered.append(name)
                try:
                    if target:
                        unsaid = lost.get(profile, unmapped.NOTHING)
                        items = staying(self.lens, document, target.held, unsaid)
                        stays += [(*self.place, name, item, _STAYS, at, self.run) for item in items]
                        write = intended.update(document, target, references, open_.get(profile, ()), unsaid)
                    else:
                        write = intended.create(profile, document, references, gone=profile in gone)
                except Withheld:
                    ended[name] = "withheld"
                except Waits as waits:
                    ended[name] = "parked"
                    self._wait(db, profile, waits, at)
                except Unread:
                    ended[name] = "parked"
                    until = (self.entity, renewal.UNREAD, f"a read of {self.member.name}")
                    parking.wait(db, *self.place, profile, *until, run=self.run, at=at)
                except RecordRejected as error:
                    ended[name] = "rejected"
                    told = words.listed(error.reasons)
                    rejected.append((*self.place, name, "push", told, at, self.run, self.lens.version))
                else:
                    if target and intended.waits:
                        waiting.add(profile)
                        self._wait(db, profile, intended.waits, at)
                    if write is None:
                        ended[name] = "parked" if profile in waiting else "unchanged"
                    else:
                        intents.append(self._row(profile, write, at))
        ledger.replan(db, *self.place, profiles, at=at)
        _intent(db, intents)
        _rejected(db, rejected)
        _notice(db, stays)
        self._settled(db, profiles, waiting | {name for name, how in ended.items() if how == "parked"})
        return considered, ended

    def _was_read(self, db: Connection) -> bool:
        return was_read(db, self.run, self.member) if self.read is None else self.read

    def _row(self, profile: str, write: Write, at: str) -> tuple[Any, ...]:
        patch = _text(ledger.told(write.patch))
        return (newid(), self.entity, *self.place, profile, write.slot, "planned", _text(write.document), patch,
                write.reference, write.version, 0, 0, at, self.run)  # fmt: skip

    def _wait(self, db: Connection, profile: str, waits: Waits, at: str) -> None:
        connection = self.member.connection
        parent = f"{connection}/{waits.stream}#{waits.profile}"
        parking.wait(db, *self.place, profile, self.entity, "parent", parent, run=self.run, at=at)
        # The parent may now be created there, if its sync says so.
        note_due(db, [(connection, waits.stream, waits.profile)])

    def _settled(self, db: Connection, profiles: Sequence[str], waiting: Collection[str]) -> None:
        rows = table(Due)
        mine = (rows.c.connection == self.place[0], rows.c.stream == self.place[1])
        db.execute(rows.delete().where(*mine, rows.c.profile.in_(profiles)))
        parking.go_on(db, *self.place, [profile for profile in profiles if profile not in waiting])


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
