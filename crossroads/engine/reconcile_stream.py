"""Compare the records of one stream, page by page, with our raw copies, with what we take them to say, and with the profiles.

The content's hash comes first; only a record whose content is another goes through its lens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, select
from xxhash import xxh3_128_hexdigest

from crossroads.canonical import Document
from crossroads.engine import aside, echo, unmapped
from crossroads.engine.echo import Held
from crossroads.engine.parts import Part
from crossroads.engine.raw import original
from crossroads.engine.reconcile_found import Found
from crossroads.engine.reconcile_golden import differing, references
from crossroads.engine.standing import standing
from crossroads.engine.turns import Turns
from crossroads.engine.unmapped import NOTHING, Words
from crossroads.engine.workspace import Workspace
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import Record
from crossroads.store.clock import widened
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Link, Profile


class Known(NamedTuple):
    """What the store has of a record."""

    digest: str
    mapping: str
    gone: bool
    turn: int
    profile: str | None
    held: Held


@dataclass
class Page:
    """What became of the records of one page: `keys` of all that came, `found` what differs, `fresh` what we do not have so."""

    keys: list[str] = field(default_factory=list)
    same: int = 0
    touched: int = 0
    busy: int = 0
    aside: int = 0
    found: list[Found] = field(default_factory=list)
    fresh: list[Record] = field(default_factory=list, repr=False)


class Comparison:
    """Compares pages of one stream; reads the store and writes nothing."""

    def __init__(self, ws: Workspace, plan: Plan, member: Member, lens: Lens) -> None:
        self.ws, self.plan, self.member, self.lens = ws, plan, member, lens
        self.turns = Turns(ws.store, member)
        self.together = partial(ws.survivorship.together, plan.entity)
        with ws.store.read() as db:
            self.refused = standing(db, member).marks(lens.version) | aside.refused(db, member)

    def page(self, db: Connection, records: Sequence[Record]) -> Page:
        """Compare some records as the system has them now."""
        page, there = Page(), self._keyed(records)
        page.aside = len(records) - sum(map(len, there.values()))
        page.keys = list(there)
        known = self._known(db, page.keys)
        held: dict[str, Held] = {}
        other: dict[str, tuple[str, Record]] = {}
        for key, (record, *_) in there.items():
            digest, before = xxh3_128_hexdigest(original(record)), known.get(key)
            if before is None or before.gone:
                self._unknown(page, key, digest, record, before)
            elif (before.digest, before.mapping) == (digest, self.lens.version):
                page.same += 1
                held[key] = before.held
            else:
                other[key] = (digest, record)
        for key in [key for key in other if self.turns.passed(known[key].turn)]:
            del other[key]
            page.busy += 1
        held |= self._read(page, other, known)
        if self.member.write:
            page.found += self._drifting(db, held, known, {key: there[key][0] for key in held})
        return page

    def _keyed(self, records: Sequence[Record]) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in records:
            try:
                found.setdefault(self.lens.key(record), []).append(record)
            except RecordRejected:
                continue  # set aside by the pull, with its reasons
        return found

    def _known(self, db: Connection, keys: Sequence[str]) -> dict[str, Known]:
        rows, link = table(Contribution), table(Link)
        columns = (rows.c.key, rows.c.digest, rows.c.mapping, rows.c.gone, rows.c.turn, link.c.profile)
        query = (
            select(*columns, *(rows.c[name] for name in echo.COLUMNS))
            .select_from(rows.outerjoin(link, link.c.contribution == rows.c.id))
            .where(rows.c.connection == self.member.connection, rows.c.stream == self.member.stream)
        )
        return {
            row[0]: Known(row[1], row[2], row[3], row[4], row[5], echo.read(row[6:]))
            for some in chunks(keys)
            for row in db.execute(query.where(rows.c.key.in_(some)))
        }

    def _unknown(self, page: Page, key: str, digest: str, record: Record, before: Known | None) -> None:
        if before is None and self.refused.get(key) == f"{digest}/{self.lens.version}":
            page.aside += 1
            return
        why = "known as deleted" if before is not None else ""
        page.found.append(Found("missed", key, before.profile if before else None, why=why, digest=digest))
        page.fresh.append(record)

    def _read(
        self, page: Page, other: Mapping[str, tuple[str, Record]], known: Mapping[str, Known]
    ) -> dict[str, Held]:
        """Read records of other content; return what those hold now whose system says nothing new by it."""
        held: dict[str, Held] = {}
        documents = self.lens.read([record for _, record in other.values()], [])
        for (key, (digest, record)), document in zip(other.items(), documents, strict=True):
            before = known[key]
            if isinstance(document, RecordRejected):
                if self.refused.get(key) == f"{digest}/{self.lens.version}":
                    page.aside += 1
                    continue
                why = "the mapping cannot read it"
                page.found.append(Found("stale", key, before.profile, why=why, digest=digest))
            else:
                document = self.lens.completed(record, document, before.held.holds)
                told = self._told(before.held, document, record)
                if told.differs:
                    fields = _changed(before.held, told, document)
                    page.found.append(Found("stale", key, before.profile, fields, digest=digest))
                else:
                    held[key] = told
                    # Of a write whose answer did not show the record we have no hash, and nothing to hold against it.
                    page.touched += bool(before.digest)
                    page.same += not before.digest
            page.fresh.append(record)
        return held

    def _told(self, before: Held, document: Document, record: Record) -> Held:
        changed_at = self.lens.changed_at(record)
        moved_at = widened(changed_at) if changed_at else None
        return before.told(document, moved_at, self.ws.clock(), self.together)

    def _drifting(
        self,
        db: Connection,
        held: Mapping[str, Held],
        known: Mapping[str, Known],
        records: Mapping[str, Record],
    ) -> list[Found]:
        profiles = {key: profile for key in held if (profile := known[key].profile)}
        golden = _golden(db, sorted(set(profiles.values())))
        place = (self.member.connection, self.member.stream)
        parts = [
            Part(profile, *place, key, known[key].mapping, held[key])
            for key, profile in profiles.items()
            if profile in golden
        ]
        meant = references(db, self.member, self.lens, [(part, golden[part.profile]) for part in parts])
        lost = unmapped.of(db, golden, ((part.profile, part.held) for part in parts))

        def words(part: Part) -> Words:
            return lost.get(part.profile, NOTHING)

        return [
            Found("drift", part.key, part.profile, fields)
            for part in parts
            if (
                fields := differing(
                    part, self.lens, golden[part.profile], records[part.key], meant, words(part)
                )
            )
        ]


def _changed(before: Held, told: Held, document: Document) -> list[str]:
    return sorted(p for p, value in document.items() if value != before.holds.get(p) and p not in told.echo)


def _golden(db: Connection, profiles: Sequence[str]) -> dict[str, Document]:
    rows = table(Profile)
    query = select(rows.c.id, rows.c.document)
    return {
        row.id: orjson.loads(row.document)
        for some in chunks(profiles)
        for row in db.execute(query.where(rows.c.id.in_(some)))
    }
