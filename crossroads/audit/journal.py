"""Whether the journal is as it was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from crossroads.journal import START, verify
from crossroads.store.session import table
from crossroads.store.tables import Entry


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying the chain found: what is wrong, how many entries there are, and the last one's hash.

    The chain itself cannot tell that its end was cut off; somebody who kept an earlier `head` can.
    """

    problems: Sequence[str]
    entries: int
    head: str


def verified(db: Connection) -> Verified:
    """Verify the journal from its first entry to its last."""
    entries = table(Entry)
    head = db.execute(select(entries.c.hash).order_by(entries.c.seq.desc()).limit(1)).scalar()
    count = db.execute(select(func.count()).select_from(entries)).scalar_one()
    return Verified(list(verify(db)), count, head or START)
