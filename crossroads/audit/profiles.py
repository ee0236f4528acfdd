"""Find profiles by what is in them, by the records that belong to them, and by ids they had before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.errors import ConfigError
from crossroads.store.session import table
from crossroads.store.tables import Contribution, Lineage, Link, Profile

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A profile in which a text was found: where in it, and the addresses of its records."""

    id: str
    entity: str
    document: Document = field(repr=False)
    paths: Sequence[str]
    records: Sequence[str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the life of a profile id: merged into another, or split."""

    kind: str
    before: str
    after: str
    at: str
    run: str


def find(db: Connection, text: str, limit: int = LIMIT) -> list[Found]:
    """Return the oldest profiles in which a value holds a text, in capitals or not."""
    rows = table(Profile)
    wanted = text.casefold()
    query = select(rows.c.id, rows.c.entity, rows.c.document).where(rows.c.document.ilike(_pattern(text)))
    found = []
    for identity, entity, content in db.execute(query.order_by(rows.c.id)):
        document = orjson.loads(content)
        paths = [
            path for path, value in document.items() if isinstance(value, str) and wanted in value.casefold()
        ]
        if paths:  # the database saw the text anywhere, in the name of a field too
            found.append(Found(identity, entity, document, paths, records(db, identity)))
        if len(found) == limit:
            break
    return found


def records(db: Connection, profile: str) -> list[str]:
    """Return the addresses of a profile's records."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(rows.c.connection, rows.c.stream, rows.c.key)
        .join(link, link.c.contribution == rows.c.id)
        .where(link.c.profile == profile, ~rows.c.gone)
    )
    return sorted("/".join(row) for row in db.execute(query))


def resolve(db: Connection, name: str) -> tuple[str, list[Step]]:
    """Return the living profile that an id, a former id or a record's address means, and the way there."""
    profile = _of_record(db, name) if "/" in name else name
    way: list[Step] = []
    rows, lines = table(Profile), table(Lineage)
    while profile and not db.execute(select(rows.c.id).where(rows.c.id == profile)).scalar():
        query = (
            select(lines)
            .where(lines.c.before == profile, lines.c.kind == "merged")
            .order_by(lines.c.id.desc())
        )
        row = db.execute(query.limit(1)).first()
        if row is None or row.after in {step.before for step in way}:
            profile = None
            break
        way.append(Step(row.kind, row.before, row.after, row.at, row.run))
        profile = row.after
    if not profile:
        raise ConfigError(
            "There is no such profile or record, or nothing belongs to it any more. "
            "`crossroads profiles --find TEXT` lists profiles; a record is named connection/stream/key."
        )
    return profile, way


def lineage(db: Connection, profile: str) -> list[Step]:
    """Return every merge and split that led to a profile or away from it, oldest first."""
    rows = table(Lineage)
    found: dict[str, Step] = {}
    seen: set[str] = set()
    ids = {profile}
    while ids:
        seen |= ids
        near = rows.c.after.in_(ids) | rows.c.before.in_(ids)
        fresh = list(db.execute(select(rows).where(near)))
        found |= {row.id: Step(row.kind, row.before, row.after, row.at, row.run) for row in fresh}
        ids = {row.before for row in fresh if row.kind == "merged"} - seen
    return [found[identity] for identity in sorted(found)]


def _of_record(db: Connection, address: str) -> str | None:
    connection, stream, key = (*address.split("/", 2), "", "")[:3]
    rows, link = table(Contribution), table(Link)
    query = select(link.c.profile).join(rows, rows.c.id == link.c.contribution)
    mine = query.where(rows.c.connection == connection, rows.c.stream == stream, rows.c.key == key)
    profile: str | None = db.execute(mine).scalar()
    return profile


def _pattern(text: str) -> str:
    """Return a LIKE pattern that finds a text in JSON and perhaps more; SQLite folds the case of ASCII only.

    >>> _pattern("Müller"), _pattern("50%")
    ('%M_ller%', '%50_%')
    """
    said = orjson.dumps(text).decode()[1:-1]
    return "%" + re.sub(r"[^ -~]|[%_\\]", "_", said) + "%"
