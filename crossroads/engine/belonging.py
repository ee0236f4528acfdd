"""Whose record a write is about by now: profiles merge while it is under way, and a create may leave two behind."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, select, text

from crossroads.canonical import Document
from crossroads.engine import echo
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.persons import PERSONS
from crossroads.engine.raw import unpack
from crossroads.identity.document import statements
from crossroads.identity.keys import keys_of
from crossroads.records import Found
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Assertion, Contribution, IdentityKey, Lineage, Link, Notice, Profile

_link = Bulk(Link, ("contribution", "profile", "evidence", "at", "run"), update=())
_assertion = Bulk(Assertion, ("a", "b", "kind", "why", "at"), update=())
_notice = Bulk(Notice, ("connection", "stream", "key", "path", "reason", "at", "run"))


class Stranger(NamedTuple):
    """A record of which nobody has asked yet whose it is: what it says, and the reference that it shows."""

    own: Document
    reference: str | None

    def __repr__(self) -> str:
        return "Stranger()"


def holder(db: Connection, claim: Claim, contribution: str | None = None) -> str:
    """Return the profile a write is about by now: that of its record, or the one its profile was merged into."""
    link, rows, lines = table(Link), table(Profile), table(Lineage)
    if contribution is not None:
        found = db.execute(select(link.c.profile).where(link.c.contribution == contribution)).scalar()
        if found is not None:
            return str(found)
    profile, seen = claim.profile, set[str]()
    while profile not in seen and db.execute(select(rows.c.id).where(rows.c.id == profile)).first() is None:
        seen.add(profile)
        query = select(lines.c.after).where(lines.c.before == profile, lines.c.kind == "merged")
        profile = db.execute(query.order_by(lines.c.id.desc()).limit(1)).scalar() or profile
    return profile


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
    """Return the creates that nobody needs any more: their person has a record by now, or has become one with another."""
    rows, link, people = table(Contribution), table(Link), table(Profile)
    profiles = sorted({claim.profile for claim in creates})
    here = (rows.c.connection == job.member.connection, rows.c.stream == job.member.stream, ~rows.c.gone)
    living: set[str] = set()
    for some in chunks(profiles):
        living |= set(db.execute(select(people.c.id).where(people.c.id.in_(some))).scalars())
        found = select(link.c.profile).join(rows, rows.c.id == link.c.contribution)
        living -= set(db.execute(found.where(link.c.profile.in_(some), *here)).scalars())
    return [claim for claim in creates if claim.profile not in living]


def strangers(db: Connection, job: Job) -> Sequence[Stranger]:
    """Return the new records of a target stream, which rest while a create is in doubt."""
    rows, link = table(Contribution), table(Link)
    held = (rows.c[name] for name in echo.COLUMNS)
    query = (
        select(rows.c.raw, rows.c.dictionary, *held)
        .outerjoin(link, link.c.contribution == rows.c.id)
        .where(rows.c.entity == job.plan.entity, text("dirty > 0"))  # in the words of the partial index
        .where(rows.c.connection == job.member.connection, rows.c.stream == job.member.stream)
        .where(~rows.c.gone, link.c.profile.is_(None))
    )
    return [
        Stranger(echo.read(row).own, job.lens.made_for(unpack(db, raw, dictionary)))
        for raw, dictionary, *row in db.execute(query).all()
    ]


def made_by_hand(db: Connection, job: Job, claim: Claim, profile: str, strangers: Sequence[Stranger]) -> bool:
    """Tell whether one of the strangers is the person a create is for, and was made by somebody else."""
    others = [one.own for one in strangers if one.reference != claim.reference]
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


def doubles(db: Connection, job: Job, claim: Claim, found: Sequence[Found], *, at: str) -> None:
    """Report all records when a look-up finds more than one; they are one person's, whatever they say."""
    if len(found) > 1:
        keys = ", ".join(one.key for one in found)
        reason = (
            f"The look-up of one create found {len(found)} records ({keys}): merge or delete all "
            f"but one in {job.member.connection}."
        )
        _notice(
            db, [(job.member.connection, job.member.stream, found[0].key, "(record)", reason, at, job.run)]
        )
        first, *others = [f"{job.member.connection}/{job.member.stream}/{one.key}" for one in found]
        why = f"doubled by intent {claim.id}"
        _assertion(db, [(*sorted((first, other)), "must", why, at) for other in others])
