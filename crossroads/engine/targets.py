"""What planning must know of the profiles that are due: golden documents, records in the target, and keys to refer to."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, exists, or_, select

from crossroads.canonical import Document
from crossroads.engine import echo, ledger, lineage, parking
from crossroads.engine.echo import Held
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Due, Intent, Link, Profile

CHUNK = 500


class Target(NamedTuple):
    """A record of the target stream as last seen."""

    key: str
    version: str | None
    raw: bytes
    dictionary: int | None
    held: Held

    def __repr__(self) -> str:
        return f"Target({self.key})"


def due(db: Connection, member: Member) -> list[str]:
    """Return the due profiles that have no write under way, nor a create of one that has become part of them."""
    rows, intent = table(Due), table(Intent)
    mine = (rows.c.connection == member.connection) & (rows.c.stream == member.stream)
    # Looked up profile by profile: as a list, all that is planned would be walked through for every chunk.
    busy = exists().where(
        intent.c.connection == rows.c.connection,
        intent.c.stream == rows.c.stream,
        intent.c.profile == rows.c.profile,
        ledger.in_doubt(),
    )
    merged = rows.c.profile.in_(lineage.in_doubt(db, member))
    query = select(rows.c.profile).where(mine, ~busy, ~merged).order_by(rows.c.profile).limit(CHUNK)
    return list(db.execute(query).scalars().all())


def golden(db: Connection, profiles: Sequence[str]) -> dict[str, Document]:
    """Return the golden document of each profile that still lives."""
    rows = table(Profile)
    query = select(rows.c.id, rows.c.document).where(rows.c.id.in_(profiles))
    return {identity: orjson.loads(document) for identity, document in db.execute(query).all()}


def targets(db: Connection, member: Member, profiles: Sequence[str]) -> dict[str, list[Target]]:
    """Return the living records that each profile has in the target stream."""
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
            rows.c.connection == member.connection,
            rows.c.stream == member.stream,
        )
        .where(~rows.c.gone, rows.c.blocked.is_(None))
        .order_by(rows.c.key)
    )
    found: dict[str, list[Target]] = {}
    for row in db.execute(query).all():
        found.setdefault(row[0], []).append(Target._make((*row[1:5], echo.read(row[5:]))))
    return found


def gone(db: Connection, member: Member, profiles: Sequence[str]) -> set[str]:
    """Return the profiles that have a record in the target which was deleted or is blocked there."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(link.c.profile)
        .join(rows, rows.c.id == link.c.contribution)
        .where(
            link.c.profile.in_(profiles),
            rows.c.connection == member.connection,
            rows.c.stream == member.stream,
            rows.c.gone | rows.c.blocked.is_not(None),
        )
    )
    return set(db.execute(query).scalars())


class Referred(NamedTuple):
    """Whom a record address means: the profile, its records' keys in the target by stream, and those deleted or blocked."""

    profile: str | None
    keys: Mapping[str, Sequence[str]]
    silent: Mapping[str, Sequence[str]]

    def __repr__(self) -> str:
        return f"Referred({self.profile})"


def references(
    db: Connection, member: Member, lens: Lens, documents: Mapping[str, Document]
) -> dict[str, Referred]:
    """Return, for each record address referred to, whom it means in the target."""
    paths = list(lens.references)
    addresses = {document[path] for document in documents.values() for path in paths if document.get(path)}
    profiles = parking.profiles(db, addresses)
    rows, link = table(Contribution), table(Link)
    keys: dict[tuple[str, bool], dict[str, list[str]]] = {}
    silent = or_(rows.c.gone, rows.c.blocked.is_not(None)).label("silent")
    query = select(link.c.profile, rows.c.stream, rows.c.key, silent).join(
        rows, rows.c.id == link.c.contribution
    )
    for some in chunks(sorted(set(profiles.values()))):
        mine = query.where(link.c.profile.in_(some), rows.c.connection == member.connection)
        for profile, stream, key, away in db.execute(mine.order_by(rows.c.key)):
            keys.setdefault((profile, bool(away)), {}).setdefault(stream, []).append(key)
    known = ((address, profiles.get(address)) for address in addresses)
    return {
        address: Referred(profile, keys.get((profile or "", False), {}), keys.get((profile or "", True), {}))
        for address, profile in known
    }
