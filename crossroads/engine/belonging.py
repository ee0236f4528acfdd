"""Whose record a write is about by now: profiles merge while it is under way, and somebody else may make the same person."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, select, text

from crossroads.canonical import Document
from crossroads.engine import echo, lineage
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.persons import PERSONS
from crossroads.engine.raw import unpack
from crossroads.identity.document import statements
from crossroads.identity.keys import keys_of
from crossroads.records import Record
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Assertion, Contribution, IdentityKey, Link, Profile

_link = Bulk(Link, ("contribution", "profile", "evidence", "at", "run"), update=())
_assertion = Bulk(Assertion, ("a", "b", "kind", "why", "at"), update=())


class Stranger(NamedTuple):
    """A record of which nobody has asked yet whose it is: what it says, the reference that it shows, and whether it is gone."""

    key: str
    version: str | None
    record: Record
    own: Document
    reference: str | None
    gone: bool

    def __repr__(self) -> str:
        return "Stranger()"


def holder(db: Connection, claim: Claim, contribution: str | None = None) -> str:
    """Return the profile a write is about by now: that of its record, or the one its profile was merged into."""
    link = table(Link)
    if contribution is not None:
        found = db.execute(select(link.c.profile).where(link.c.contribution == contribution)).scalar()
        if found is not None:
            return str(found)
    return lineage.living(db, claim.profile) or claim.profile


def there(db: Connection, job: Job, profile: str) -> bool:
    """Tell whether a profile has a living record in a target stream."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(rows.c.id)
        .join(link, link.c.contribution == rows.c.id)
        .where(
            link.c.profile == profile,
            rows.c.connection == job.member.connection,
            rows.c.stream == job.member.stream,
            ~rows.c.gone,
        )
    )
    return db.execute(query.limit(1)).first() is not None


def needless(db: Connection, job: Job, creates: Sequence[Claim]) -> list[Claim]:
    """Return the creates that nobody needs any more: their person has a record by now, or is no more.

    Who has become one with another is made as that other is, unless his own create may have been done: then it is repeated.
    """
    rows, link, people = table(Contribution), table(Link), table(Profile)
    profiles = {claim.profile: claim.profile for claim in creates}
    profiles |= {claim.profile: holder(db, claim) for claim in creates if claim.attempts > 1}
    here = (rows.c.connection == job.member.connection, rows.c.stream == job.member.stream, ~rows.c.gone)
    living: set[str] = set()
    for some in chunks(sorted({*profiles.values()})):
        living |= set(db.execute(select(people.c.id).where(people.c.id.in_(some))).scalars())
        found = select(link.c.profile).join(rows, rows.c.id == link.c.contribution)
        living -= set(db.execute(found.where(link.c.profile.in_(some), *here)).scalars())
    return [claim for claim in creates if profiles[claim.profile] not in living]


def others(db: Connection, job: Job, made: Sequence[tuple[Claim, str]]) -> set[tuple[str, str]]:
    """Return which records no create can have made, by its id and their key: they were somebody else's before it was planned.

    A look-up finds such a one where two share what it goes by: two shops one order number, a household one mailbox.
    """
    rows, link = table(Contribution), table(Link)
    query = select(rows.c.key, rows.c.id, link.c.profile).join(link, link.c.contribution == rows.c.id)
    here = query.where(rows.c.connection == job.member.connection, rows.c.stream == job.member.stream)
    known = {
        key: (identity, profile)
        for some in chunks(sorted({key for _, key in made}))
        for key, identity, profile in db.execute(here.where(rows.c.key.in_(some)))
    }
    # Ids are given in the order of time.
    earlier = [(claim, key) for claim, key in made if key in known and known[key][0] < claim.id]
    return {(claim.id, key) for claim, key in earlier if known[key][1] != holder(db, claim)}


def strangers(db: Connection, job: Job) -> Sequence[Stranger]:
    """Return the new records of a target stream, which rest while a create is in doubt; also those that are gone by now."""
    rows, link = table(Contribution), table(Link)
    held = (rows.c[name] for name in echo.COLUMNS)
    query = (
        select(rows.c.raw, rows.c.dictionary, rows.c.key, rows.c.version, rows.c.gone, *held)
        .outerjoin(link, link.c.contribution == rows.c.id)
        .where(rows.c.entity == job.plan.entity, text("dirty > 0"))  # in the words of the partial index
        .where(rows.c.connection == job.member.connection, rows.c.stream == job.member.stream)
        .where(link.c.profile.is_(None))
    )
    found = []
    for raw, dictionary, key, version, gone, *row in db.execute(query).all():
        record = unpack(db, raw, dictionary)
        found.append(Stranger(key, version, record, echo.read(row).own, job.lens.made_for(record), gone))
    return found


def made_by_hand(db: Connection, job: Job, claim: Claim, profile: str, strangers: Sequence[Stranger]) -> bool:
    """Tell whether one of the strangers is the person a create is for, and was made by somebody else."""
    others = [one.own for one in strangers if one.reference != claim.reference and not one.gone]
    if not others:
        return False
    identity, link, rows = job.lens.identity, table(Link), table(Contribution)
    if job.plan.entity == PERSONS:
        place = select(rows.c.connection, rows.c.stream, rows.c.key).join(
            link, link.c.contribution == rows.c.id
        )
        names = ["/".join(row) for row in db.execute(place.where(link.c.profile == profile))]
        register = job.ws.register(db)
        return any(register.knows(db, names, tuple(statements(own, identity))) for own in others)
    keys = table(IdentityKey)
    mine = select(keys.c.key).join(link, link.c.contribution == keys.c.contribution)
    known = set(db.execute(mine.where(link.c.profile == profile)).scalars())
    return any(not known.isdisjoint(keys_of(own, identity)) for own in others)


def belongs(db: Connection, job: Job, claim: Claim, key: str, contribution: str, *, at: str) -> None:
    """Link a record we made to the profile it was made for, and assert it: it says nothing of its own that could link it.

    One that was read before its answer came may be taken for somebody else by now; the assertion brings it home.
    """
    rows, link = table(Contribution), table(Link)
    query = (
        select(rows.c.connection, rows.c.stream, rows.c.key)
        .join(link, link.c.contribution == rows.c.id)
        .where(link.c.profile == claim.profile, rows.c.id != contribution)
        .order_by(rows.c.gone, rows.c.id)
        .limit(1)
    )
    source = db.execute(query).first()
    mine = f"{job.member.connection}/{job.member.stream}/{key}"
    if source is not None:
        a, b = sorted((mine, "/".join(source)))
        _assertion(db, [(a, b, "created", f"intent {claim.id}", at)])
    evidence = orjson.dumps([["/".join(source) if source else "", "created"]]).decode()
    _link(db, [(contribution, claim.profile, evidence, at, job.run)])
