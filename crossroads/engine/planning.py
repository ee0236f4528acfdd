"""Plan a push: turn what a target should hear into intents, each the smallest patch that makes its record say so."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select, text, update

from crossroads.canonical import Document
from crossroads.engine import echo, ledger, parking
from crossroads.engine.echo import Held
from crossroads.engine.raw import unpack
from crossroads.engine.settle import wanted
from crossroads.engine.workspace import Workspace
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens, Patch
from crossroads.plan import Member, When
from crossroads.store import newid
from crossroads.store.scopes import Scope
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import OPEN_WORDS, Contribution, Due, Intent, Link, Parked, Profile, Rejected

CHUNK = 500
OPEN = ("planned", "sent", "unknown")

_intent = Bulk(
    Intent,
    ("id", "entity", "connection", "stream", "profile", "slot", "state", "document", "patch", "reference", "version",
     "attempts", "fence", "planned_at", "run"),
    update=(),
)  # fmt: skip
_due = Bulk(Due, ("connection", "stream", "profile"), update=())
_rejected = Bulk(Rejected, ("connection", "stream", "key", "step", "reasons", "at", "run", "digest"))


def scopes(entity: str, member: Member, lens: Lens) -> list[Scope]:
    """Return what a plan of a target stream is alone with: that stream, and those of the target that its records need."""
    needed = {(one.entity, f"{member.connection}.{one.stream}") for one in lens.references.values()}
    return [(entity, member.name), *sorted(needed)]


class Target(NamedTuple):
    """A record of the target stream as last seen."""

    key: str
    version: str | None
    raw: bytes
    dictionary: int | None
    held: Held

    def __repr__(self) -> str:
        return f"Target({self.key})"


class Withheld(Exception):
    """Nothing is sent, and why."""


class Waits(Exception):
    """The write waits for a record of another stream of the target."""

    def __init__(self, entity: str, stream: str, profile: str) -> None:
        super().__init__(profile)
        self.entity, self.stream, self.profile = entity, stream, profile


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
    ) -> None:
        self.ws, self.entity, self.member, self.lens, self.run = ws, entity, member, lens, run
        self.scopes = scopes(entity, member, lens)
        self.creatable = creatable  # the target's other streams, and whether records can be made there at all

    def chunk(self, db: Connection) -> tuple[list[str], dict[str, str]]:
        """Plan the next profiles that are due; return the records considered and how those ended that need no write."""
        at = self.ws.clock()
        profiles = self._next(db)
        golden = self._golden(db, profiles)
        targets = self._targets(db, profiles)
        references = self._references(db, golden)
        considered: list[str] = []
        gone = self._gone(db, profiles)
        ended: dict[str, str] = {}
        intents: list[tuple[Any, ...]] = []
        rejected: list[tuple[Any, ...]] = []
        for profile in profiles:
            if profile not in golden:
                considered.append(profile)
                ended[profile] = "superseded"  # it was merged into another since
                continue
            held: list[Target | None] = [*targets.get(profile, ())]
            for target in held or [None]:
                name = target.key if target else profile
                considered.append(name)
                try:
                    intent = self._intent(
                        profile, golden[profile], target, references, at, db, gone=profile in gone
                    )
                except Withheld:
                    ended[name] = "withheld"
                except Waits as waits:
                    ended[name] = "parked"
                    self._wait(db, profile, waits, at)
                except RecordRejected as error:
                    ended[name] = "rejected"
                    told = _text(list(error.reasons))
                    place = (self.member.connection, self.member.stream)
                    rejected.append((*place, name, "push", told, at, self.run, self.lens.version))
                else:
                    if intent is None:
                        ended[name] = "unchanged"
                    else:
                        intents.append(intent)
        self._supersede(db, profiles, at)
        _intent(db, intents)
        _rejected(db, rejected)
        self._settled(db, profiles, ended)
        return considered, ended

    def _next(self, db: Connection) -> list[str]:
        """Return the due profiles that have no write under way."""
        due, intent = table(Due), table(Intent)
        mine = (due.c.connection == self.member.connection) & (due.c.stream == self.member.stream)
        busy = select(intent.c.profile).where(
            intent.c.connection == self.member.connection,
            intent.c.stream == self.member.stream,
            ledger.in_doubt(),
        )
        query = (
            select(due.c.profile).where(mine, due.c.profile.not_in(busy)).order_by(due.c.profile).limit(CHUNK)
        )
        return [profile for (profile,) in db.execute(query)]

    def _golden(self, db: Connection, profiles: Sequence[str]) -> dict[str, Document]:
        rows = table(Profile)
        query = select(rows.c.id, rows.c.document).where(rows.c.id.in_(profiles))
        return {identity: orjson.loads(document) for identity, document in db.execute(query)}

    def _targets(self, db: Connection, profiles: Sequence[str]) -> dict[str, list[Target]]:
        rows, link = table(Contribution), table(Link)
        columns = (
            link.c.profile,
            rows.c.key,
            rows.c.version,
            rows.c.raw,
            rows.c.dictionary,
            *(rows.c[c] for c in echo.COLUMNS),
        )
        query = (
            select(*columns)
            .select_from(link.join(rows, rows.c.id == link.c.contribution))
            .where(
                link.c.profile.in_(profiles),
                rows.c.connection == self.member.connection,
                rows.c.stream == self.member.stream,
            )
            .where(~rows.c.gone)
            .order_by(rows.c.key)
        )
        found: dict[str, list[Target]] = {}
        for row in db.execute(query):
            found.setdefault(row[0], []).append(Target._make((*row[1:5], echo.read(row[5:]))))
        return found

    def _gone(self, db: Connection, profiles: Sequence[str]) -> set[str]:
        """Return the profiles that had a record in the target which was deleted there."""
        rows, link = table(Contribution), table(Link)
        query = (
            select(link.c.profile)
            .join(rows, rows.c.id == link.c.contribution)
            .where(
                link.c.profile.in_(profiles),
                rows.c.connection == self.member.connection,
                rows.c.stream == self.member.stream,
                rows.c.gone,
            )
        )
        return set(db.execute(query).scalars())

    def _references(
        self, db: Connection, golden: Mapping[str, Document]
    ) -> dict[str, tuple[str | None, dict[str, list[str]]]]:
        """Return, for each record address referred to, its profile and that profile's keys in the target, by stream."""
        paths = list(self.lens.references)
        addresses = {document[path] for document in golden.values() for path in paths if document.get(path)}
        profiles = parking.profiles(db, addresses)
        rows, link = table(Contribution), table(Link)
        keys: dict[str, dict[str, list[str]]] = {}
        query = select(link.c.profile, rows.c.stream, rows.c.key).join(rows, rows.c.id == link.c.contribution)
        for some in chunks(sorted(set(profiles.values()))):
            mine = query.where(
                link.c.profile.in_(some), rows.c.connection == self.member.connection, ~rows.c.gone
            )
            for profile, stream, key in db.execute(mine.order_by(rows.c.key)):
                keys.setdefault(profile, {}).setdefault(stream, []).append(key)
        return {
            address: (profiles.get(address), keys.get(profiles.get(address, ""), {})) for address in addresses
        }

    def _intent(
        self,
        profile: str,
        golden: Document,
        target: Target | None,
        references: Mapping[str, Any],
        at: str,
        db: Connection,
        *,
        gone: bool,
    ) -> tuple[Any, ...] | None:
        if target is None:
            self._may_create(db, profile, golden, gone)
        due = self._referred(wanted(self.lens, golden, target.held if target else None), target, references)
        if target is None:
            missing = [path for path in self.lens.requires if due.get(path) is None]
            if missing:
                raise Withheld(f"a new record needs {', '.join(missing)}")
            said = {path: value for path, value in due.items() if value is not None}
            if not said:
                raise Withheld("there is nothing to say of it")
            # The reference is the profile's own id or the number both sides know: the same in every attempt.
            reference = golden.get("reference") or profile
            patch = self.lens.put(said, reference=reference)
            return self._row(profile, "", said, patch, reference, None, at) if patch else None
        differing = {path: value for path, value in due.items() if not target.held.means(path, value)}
        if not differing:
            return None
        base = unpack(db, target.raw, target.dictionary)
        patch = self.lens.put({**target.held.holds, **differing}, base=base, held=target.held.holds)
        return self._row(profile, target.key, differing, patch, None, target.version, at) if patch else None

    def _may_create(self, db: Connection, profile: str, golden: Document, gone: bool) -> None:
        if gone:
            raise Withheld("its record there was deleted; only people bring it back")
        create = self.member.create
        if create == "never":
            raise Withheld("this sync creates no records here")
        if isinstance(create, When) and any(golden.get(path) != value for path, value in create.when.items()):
            raise Withheld("this sync creates only records with other values here")
        if create == "needed":
            rows = table(Parked)
            needed = select(rows.c.what).where(
                rows.c.waits_for == f"{self.member.connection}/{self.member.stream}#{profile}"
            )
            if db.execute(needed.limit(1)).first() is None:
                raise Withheld("no other record needs it here")

    def _referred(self, wanted: Document, target: Target | None, references: Mapping[str, Any]) -> Document:
        """Say references in the target's own keys."""
        result = dict(wanted)
        for path, reference in self.lens.references.items():
            address = result.pop(path, None)
            if not address:
                continue
            profile, keys = references[address]
            if reference.stream in keys:
                held = target.held.holds.get(path) if target else None
                # Of two records of one person in the target, the one it already names is as good as the
                # first.
                result[path] = held if held in keys[reference.stream] else keys[reference.stream][0]
            elif reference.required and target is None:
                if profile is None or not self.creatable.get(reference.stream, False):
                    raise Withheld(f"{path} has no record in {self.member.connection} and cannot have one")
                raise Waits(reference.entity, reference.stream, profile)
        return result

    def _row(
        self,
        profile: str,
        slot: str,
        document: Document,
        patch: Patch,
        reference: str | None,
        version: str | None,
        at: str,
    ) -> Any:
        parts = [[list(p.path), p.resource, dict(p.key), p.record, p.exists] for p in patch.parts]
        return (newid(), self.entity, self.member.connection, self.member.stream, profile, slot, "planned", _text(document),
                _text({"record": patch.record, "parts": parts}), reference, version, 0, 0, at, self.run)  # fmt: skip

    def _wait(self, db: Connection, profile: str, waits: Waits, at: str) -> None:
        connection, stream = self.member.connection, self.member.stream
        parking.wait(db, connection, stream, profile, self.entity, "parent", f"{connection}/{waits.stream}#{waits.profile}",
                     run=self.run, at=at)  # fmt: skip
        _due(
            db, [(connection, waits.stream, waits.profile)]
        )  # the parent may now be created there, if its sync says so

    def _supersede(self, db: Connection, profiles: Sequence[str], at: str) -> None:
        """Close intents that were planned but not sent: the new plan replaces them."""
        rows = table(Intent)
        mine = (rows.c.connection == self.member.connection, rows.c.stream == self.member.stream)
        # Said in the very words of the partial index, or SQLite walks through all that is planned, chunk after chunk.
        query = select(rows.c.id, rows.c.state).where(*mine, rows.c.profile.in_(profiles), text(OPEN_WORDS))
        stale = [row.id for row in db.execute(query) if row.state == "planned"]
        if stale:
            db.execute(update(rows).where(rows.c.id.in_(stale)).values(state="superseded", ended_at=at))

    def _settled(self, db: Connection, profiles: Sequence[str], ended: Mapping[str, str]) -> None:
        rows = table(Due)
        mine = (rows.c.connection == self.member.connection, rows.c.stream == self.member.stream)
        db.execute(rows.delete().where(*mine, rows.c.profile.in_(profiles)))
        parking.go_on(
            db, self.member.connection, self.member.stream, [p for p in profiles if ended.get(p) != "parked"]
        )


def renew(db: Connection, member: Member, at: str) -> int:
    """Let what an earlier attempt planned and never sent be planned anew: its profile may be another now, or none.

    A create that may have been done keeps its id, repeated under another it would be done twice; what became of it
    is looked up first.
    """
    rows = table(Intent)
    here = (
        rows.c.connection == member.connection,
        rows.c.stream == member.stream,
        rows.c.state == "planned",
    )
    db.execute(update(rows).where(*here, ledger.in_doubt()).values(state="unknown"))
    mine = (*here, text(OPEN_WORDS))
    profiles = sorted(set(db.execute(select(rows.c.profile).where(*mine)).scalars()))
    if profiles:
        db.execute(update(rows).where(*mine).values(state="superseded", ended_at=at))
        _due(db, [(member.connection, member.stream, profile) for profile in profiles])
    return len(profiles)


def release(db: Connection, member: Member) -> int:
    """Make writes due again whose parent has meanwhile come to exist in the target."""
    parked, rows, link = table(Parked), table(Contribution), table(Link)
    mine = (
        parked.c.connection == member.connection,
        parked.c.stream == member.stream,
        parked.c.step == "push",
        parked.c.reason == "parent",
    )
    waiting = db.execute(select(parked.c.what, parked.c.waits_for).where(*mine)).all()
    wanted: dict[str, set[str]] = {}
    for row in waiting:
        place, _, profile = row.waits_for.partition("#")
        wanted.setdefault(place, set()).add(profile)
    there: set[str] = set()
    for place, profiles in wanted.items():
        connection, stream = place.split("/")
        query = select(link.c.profile).join(rows, rows.c.id == link.c.contribution)
        for some in chunks(sorted(profiles)):
            found = db.execute(
                query.where(
                    link.c.profile.in_(some),
                    rows.c.connection == connection,
                    rows.c.stream == stream,
                    ~rows.c.gone,
                )
            )
            there |= {f"{place}#{profile}" for (profile,) in found}
    ready = [row.what for row in waiting if row.waits_for in there]
    parking.go_on(db, member.connection, member.stream, ready)
    _due(db, [(member.connection, member.stream, profile) for profile in ready])
    return len(ready)


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
