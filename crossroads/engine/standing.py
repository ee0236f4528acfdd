"""What a person decided about a record, and which therefore stands while its system shows the same content."""

from typing import NamedTuple

import orjson
from sqlalchemy import Connection, select

from crossroads.plan import Member
from crossroads.records import Record
from crossroads.store.session import table
from crossroads.store.tables import Repair


class Standing(NamedTuple):
    """The repairs of one stream: (key, digest) -> the record to read instead, and key -> digest of what was dropped."""

    edited: dict[tuple[str, str], Record]
    dropped: dict[str, str]

    def __repr__(self) -> str:
        return f"Standing({len(self.edited)} edited, {len(self.dropped)} dropped)"

    def marks(self, version: str) -> dict[str, str]:
        """Return what was dropped, marked as a record is that a mapping refused; a new mapping does not bring it back."""
        return {key: f"{digest}/{version}" for key, digest in self.dropped.items()}


def standing(db: Connection, member: Member) -> Standing:
    """Return what people decided about the records of a stream; the last word counts."""
    rows = table(Repair)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.step == "pull")
    query = select(rows.c.key, rows.c.digest, rows.c.state, rows.c.edited)
    found = Standing({}, {})
    for key, digest, state, edited in db.execute(
        query.where(*mine, rows.c.state.in_(("applied", "dropped"))).order_by(rows.c.id)
    ):
        if state == "dropped":
            found.dropped[key] = digest
            found.edited.pop((key, digest), None)
        elif edited is not None:
            found.edited[key, digest] = orjson.loads(edited)
            found.dropped.pop(key, None)
    return found
