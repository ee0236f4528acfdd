"""A contribution that says something new, on its way through parking, linking and settling."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, TextClause, and_, false, or_, select

from crossroads.engine import echo
from crossroads.engine.echo import Held
from crossroads.store.session import table
from crossroads.store.tables import Contribution, Link


class Dirty(NamedTuple):
    """A changed contribution, its identity as last matched and of which words, and the profile it belonged to."""

    id: str
    connection: str
    stream: str
    key: str
    signature: str
    words: str | None
    profile: str | None
    gone: bool
    blocked: str | None
    held: Held

    def __repr__(self) -> str:
        return f"Dirty({self.address})"

    @property
    def address(self) -> str:
        """Return `connection/stream/key`: the same for the same record in any order of arrival."""
        return f"{self.connection}/{self.stream}/{self.key}"


def read(db: Connection, *where: ColumnElement[bool] | TextClause, limit: int | None = None) -> list[Dirty]:
    """Return some contributions, oldest first."""
    rows, link = table(Contribution), table(Link)
    own = ("id", "connection", "stream", "key", "signature", "words")
    query = (
        select(
            *(rows.c[c] for c in own),
            link.c.profile,
            rows.c.gone,
            rows.c.blocked,
            *(rows.c[c] for c in echo.COLUMNS),
        )
        .select_from(rows.outerjoin(link, link.c.contribution == rows.c.id))
        .where(*where)
        .order_by(rows.c.id)
        .limit(limit)
    )
    return [Dirty._make((*row[:9], echo.read(row[9:]))) for row in db.execute(query).all()]


def at(db: Connection, addresses: Iterable[str]) -> list[Dirty]:
    """Return contributions by their addresses; of those that are none, nothing."""
    rows = table(Contribution)
    places = (name.split("/", 2) for name in addresses)
    here = [
        and_(rows.c.connection == place[0], rows.c.stream == place[1], rows.c.key == place[2])
        for place in places
        if len(place) == 3
    ]
    return read(db, or_(false(), *here))
