"""Whose record a write is about by now: profiles merge while it is under way, and a create may leave two behind."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import orjson
from sqlalchemy import Connection, select, text

from crossroads.engine import echo
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.raw import unpack
from crossroads.identity.keys import keys_of
from crossroads.records import Found
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Assertion, Contribution, IdentityKey, Lineage, Link, Notice, Profile

Strangers: TypeAlias = Mapping[str, set[str | None]]

_link = Bulk(Link, ("contribution", "profile", "evidence", "at", "run"), update=())
_assertion = Bulk(Assertion, ("a", "b", "kind", "why", "at"), update=())
_notice = Bulk(Notice, ("connection", "stream", "key", "path", "reason", "at", "run"))


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


def strangers(db: Connection, job: Job) -> Strangers:
    """Return the new records of a target stream, which rest while a create is in doubt: by key, the references they show."""
    rows, link = table(Contribution), table(Link)
    held = (rows.c[name] for name in echo.COLUMNS)
    query = (
        select(rows.c.raw, rows.c.dictionary, *held)
        .outerjoin(link, link.c.contribution == rows.c.id)
        .where(rows.c.entity == job.plan.entity, text("dirty > 0"))  # in the words of the partial index
        .where(rows.c.connection == job.member.connection, rows.c.stream == job.member.stream)
        .where(~rows.c.gone, link.c.profile.is_(None))
    )
    found: dict[str, set[str | None]] = {}
    for raw, dictionary, *row in db.execute(query).all():
        reference = job.lens.made_for(unpack(db, raw, dictionary))
        for key in keys_of(echo.read(row).own, job.lens.identity):
            found.setdefault(key, set()).add(reference)
    return found


def made_by_hand(db: Connection, claim: Claim, profile: str, strangers: Strangers) -> bool:
    """Tell whether one of the strangers is the person a create is for, and was made by somebody else."""
    rows, link = table(IdentityKey), table(Link)
    keys = select(rows.c.key).join(link, link.c.contribution == rows.c.contribution)
    mine = db.execute(keys.where(link.c.profile == profile)).scalars() if strangers else ()
    return any(strangers.get(key, set()) - {claim.reference} for key in mine)


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
