"""The write ledger: claim intents under a lease, and record what became of each under the same fence.

    planned -> sent -> written | rejected | unknown | superseded

Two attempts may live at once: an intent is claimed by one of them, and a result counts only under the fence
of its claim.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, text, update

from crossroads.canonical import Document
from crossroads.engine.attempt import ended
from crossroads.records import Change, Part, Record
from crossroads.store.clock import later
from crossroads.store.session import chunks, table
from crossroads.store.tables import OPEN_WORDS, Intent

OPEN = ("planned", "sent", "unknown")
LEASE_SECONDS = (
    120.0  # longer than the calls of one claim can take; a dead owner on this machine is noticed at once
)


class Claim(NamedTuple):
    """An intent this attempt may act on."""

    id: str
    profile: str
    slot: str
    state: str
    document: Document
    patch: dict[str, Any]
    reference: str | None
    version: str | None
    fence: int
    sent_at: str | None

    def __repr__(self) -> str:
        return f"Claim({self.id}, {self.state})"

    def change(self, base: Record | None = None) -> Change:
        """Return the change to send."""
        parts = [
            Part(tuple(path), resource, key, record, exists)
            for path, resource, key, record, exists in self.patch["parts"]
        ]
        return Change(
            self.id, self.patch["record"], self.slot or None, parts, base, self.version, self.reference
        )


def in_doubt() -> ColumnElement[bool]:
    """Return the condition for a write that may have been done without our knowing: no answer yet, or a create to be repeated."""
    rows = table(Intent)
    repeated = (rows.c.state == "planned") & (rows.c.slot == "") & (rows.c.attempts > 0)
    # In the words of the index over open writes, or every write ever made is walked through.
    return and_(text(OPEN_WORDS), rows.c.state.in_(("sent", "unknown")) | repeated)


_COLUMNS = ("id", "profile", "slot", "state", "document", "patch", "reference", "version", "fence", "sent_at")


def claim(
    db: Connection, connection: str, stream: str, *, at: str, limit: int, run: str, who: str
) -> list[Claim]:
    """Claim planned intents for sending."""
    rows = table(Intent)
    mine = (rows.c.connection == connection, rows.c.stream == stream, rows.c.state == "planned")
    found = db.execute(
        select(*(rows.c[c] for c in _COLUMNS)).where(*mine).order_by(rows.c.id).limit(limit)
    ).all()
    return _take(db, found, "sent", at, run, who)


def doubtful(db: Connection, connection: str, stream: str, *, at: str, run: str, who: str) -> list[Claim]:
    """Claim intents whose outcome is not known: reported so, or sent by an attempt that is no more."""
    rows = table(Intent)
    mine = (rows.c.connection == connection, rows.c.stream == stream, rows.c.state.in_(("sent", "unknown")))
    found = db.execute(
        select(*(rows.c[c] for c in _COLUMNS), rows.c.owner, rows.c.lease_until)
        .where(*mine)
        .order_by(rows.c.id)
    ).all()
    free = [row[:-2] for row in found if row.state == "unknown" or ended(row.owner) or row.lease_until <= at]
    return _take(db, free, "unknown", at, run, who)


def _take(db: Connection, found: Sequence[Any], state: str, at: str, run: str, who: str) -> list[Claim]:
    rows = table(Intent)
    claims = []
    for row in found:
        identity, profile, slot, _, document, patch, reference, version, fence, sent_at = row
        said = (orjson.loads(document), orjson.loads(patch), reference, version)
        claims.append(
            Claim(identity, profile, slot, state, *said, fence + 1, at if state == "sent" else sent_at)
        )
    if claims:
        values = {
            "state": state,
            "fence": bindparam("next_fence"),
            "lease_until": later(at, LEASE_SECONDS),
            "owner": who,
            "run": run,
        }
        if state == "sent":
            values |= {"sent_at": at, "attempts": rows.c.attempts + 1}
        db.execute(
            update(rows).where(rows.c.id == bindparam("intent")).values(**values),
            [{"intent": c.id, "next_fence": c.fence} for c in claims],
        )
    return claims


def replan(db: Connection, connection: str, stream: str, profiles: Sequence[str], *, at: str) -> None:
    """Close what was planned for these profiles and not sent: a new plan replaces it."""
    rows = table(Intent)
    mine = (rows.c.connection == connection, rows.c.stream == stream)
    # Said in the very words of the partial index, or SQLite walks through all that is planned, chunk after chunk.
    query = select(rows.c.id, rows.c.state).where(*mine, rows.c.profile.in_(profiles), text(OPEN_WORDS))
    stale = [row.id for row in db.execute(query) if row.state == "planned"]
    if stale:
        db.execute(update(rows).where(rows.c.id.in_(stale)).values(state="superseded", ended_at=at))


def settled_since(db: Connection, connection: str, stream: str, names: Sequence[str], since: str) -> set[str]:
    """Return which of these records, or of the profiles to be made, had a write that ended since an instant."""
    rows = table(Intent)
    query = select(rows.c.profile, rows.c.slot).where(
        rows.c.connection == connection, rows.c.stream == stream, rows.c.ended_at >= since
    )
    found: set[str] = set()
    for some in chunks(names):
        mine = query.where(or_(rows.c.slot.in_(some), and_(rows.c.slot == "", rows.c.profile.in_(some))))
        found |= {slot or profile for profile, slot in db.execute(mine)}
    return found


def end(
    db: Connection,
    claims: Iterable[Claim],
    state: str,
    *,
    at: str,
    reasons: Sequence[str] = (),
    unsent: bool = False,
) -> set[str]:
    """Move claimed intents on, `unsent` ones as if never tried; return the ids that were still ours to move."""
    rows = table(Intent)
    moved = set()
    for one in claims:
        mine = (rows.c.id == one.id, rows.c.fence == one.fence, rows.c.state == one.state)
        values: dict[str, Any] = {
            "state": state,
            "attempts": rows.c.attempts - int(unsent),
            "reasons": orjson.dumps(list(reasons)).decode() if reasons else None,
        }
        if state in ("written", "rejected", "superseded"):
            values["ended_at"] = at
        if db.execute(update(rows).where(*mine).values(**values)).rowcount:
            moved.add(one.id)
    return moved
