"""Which records are one person, order or conversation, on what evidence, and what was asserted of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, or_, select

from crossroads.engine.workspace import Workspace
from crossroads.store.session import chunks, table
from crossroads.store.tables import Assertion as AssertionRow
from crossroads.store.tables import Contribution, Link


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a profile: since when it belongs there, and what ties it to which other records.

    `rests` tells that no sync names its stream any more, so that it says nothing; `gone`, that its system
    reported it deleted; `blocked`, by which field it is locked there, or that it is `absent`: hidden.
    """

    address: str
    evidence: Sequence[tuple[str, str]]
    linked_at: str
    linked_by: str
    read_by: str
    mapping: str
    gone: bool
    blocked: str | None
    rests: bool


@dataclass(frozen=True, slots=True)
class Assertion:
    """What somebody, or a create of ours, stated about two records: they `must` be one or `cannot` be."""

    a: str
    b: str
    kind: str
    why: str
    at: str


def members(db: Connection, ws: Workspace, profile: str) -> list[Record]:
    """Return the records of a profile with the evidence of each link."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(rows, link.c.evidence, link.c.at.label("linked_at"), link.c.run.label("linked_by"))
        .join(link, link.c.contribution == rows.c.id)
        .where(link.c.profile == profile)
        .order_by(rows.c.connection, rows.c.stream, rows.c.key)
    )
    return [
        Record(
            address=f"{row.connection}/{row.stream}/{row.key}",
            evidence=[(other, why) for other, why in orjson.loads(row.evidence)],
            linked_at=row.linked_at,
            linked_by=row.linked_by,
            read_by=row.run,
            mapping=row.mapping,
            gone=bool(row.gone),
            blocked=row.blocked,
            rests=(row.connection, row.stream) not in ws.entities,
        )
        for row in db.execute(query)
    ]


def assertions(db: Connection, addresses: Sequence[str]) -> list[Assertion]:
    """Return what was asserted about these records, oldest first."""
    rows = table(AssertionRow)
    found = {
        (row.a, row.b): Assertion(row.a, row.b, row.kind, row.why, row.at)
        for some in chunks(addresses, 1000)
        for row in db.execute(select(rows).where(or_(rows.c.a.in_(some), rows.c.b.in_(some))))
    }
    return sorted(found.values(), key=lambda one: (one.at, one.a, one.b))
