"""The write ledger: claim intents under a lease, and record what became of each under the same fence.

Two attempts may live at once: an intent is claimed by one of them, and a result counts only under the fence
of its claim. A state changes by `_move` alone: one statement that finds the intent as it was seen, or leaves it.
`states.py` has the table of transitions.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, TextClause, and_, func, or_, select, text, tuple_, update

from crossroads.canonical import Document
from crossroads.engine import states, words
from crossroads.engine.attempt import ended
from crossroads.mapping import Patch
from crossroads.plan import Member
from crossroads.records import Change, Part, Record
from crossroads.store.clock import later
from crossroads.store.session import chunks, table
from crossroads.store.tables import DOUBT_WORDS, OPEN_WORDS, Intent

_COLUMNS = (
    "id",
    "profile",
    "slot",
    "state",
    "document",
    "patch",
    "reference",
    "version",
    "fence",
    "quiet_at",
    "attempts",
)


class Claim(NamedTuple):
    """An intent this attempt may act on; `attempts` is how often it was sent, this time included."""

    id: str
    profile: str
    slot: str
    state: str
    document: Document
    patch: dict[str, Any]
    reference: str | None
    version: str | None
    fence: int
    quiet_at: str | None
    attempts: int = 1

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


def told(patch: Patch) -> dict[str, Any]:
    """Return a patch as the ledger keeps it."""
    parts = [[list(p.path), p.resource, dict(p.key), p.record, p.exists] for p in patch.parts]
    return {"record": patch.record, "parts": parts}


def in_doubt() -> TextClause:
    """Return the condition for a write that may have been done without our knowing: no answer yet, or a create to be repeated.

    It is in the words of the index over these few, or all that is planned is walked through each time.
    """
    return text(DOUBT_WORDS)


def claim(
    db: Connection,
    connection: str,
    stream: str,
    *,
    at: str,
    limit: int,
    run: str,
    who: str,
    lease: float,
    creates: bool = True,
) -> list[Claim]:
    """Claim planned intents for sending; without `creates` those that were never sent stay, and one to be repeated goes."""
    rows = table(Intent)
    mine = (rows.c.connection == connection, rows.c.stream == stream, rows.c.state == "planned")
    query = select(rows.c.id, rows.c.fence).where(*mine).order_by(rows.c.id).limit(limit)
    if not creates:
        query = query.where(or_(rows.c.slot != "", rows.c.attempts > 0))
    found = db.execute(query.with_for_update(skip_locked=True)).all()
    held = {"owner": who, "lease_until": later(at, lease), "run": run, "fence": rows.c.fence + 1}
    tried = {"sent_at": at, "attempts": rows.c.attempts + 1, "quiet_at": None}
    return _claims(_move(db, found, "planned", "sent", held | tried, _COLUMNS))


def doubtful(
    db: Connection,
    connection: str,
    stream: str,
    *,
    at: str,
    run: str,
    who: str,
    settle: float,
    lease: float,
    profile: str | None = None,
    creates: bool = True,
) -> list[Claim]:
    """Claim intents whose outcome is not known, all or a profile's: reported so, or sent by an attempt that is no more.

    A request of an attempt that lost its lease just now may be running for `settle` seconds yet.
    """
    rows = table(Intent)
    query = select(rows.c.id, rows.c.fence, rows.c.state, rows.c.owner, rows.c.lease_until).where(
        rows.c.connection == connection, rows.c.stream == stream, rows.c.state.in_(("sent", "unknown"))
    )
    if profile is not None:
        query = query.where(rows.c.profile == profile)
    if not creates:
        query = query.where(rows.c.slot != "")
    free: dict[str, list[Any]] = {"sent": [], "unknown": []}
    for row in db.execute(query):
        if row.lease_until is None or ended(row.owner) or row.lease_until <= at or _mine(row, who):
            free[row.state].append(row)
    held = {"owner": who, "lease_until": later(at, lease), "run": run, "fence": rows.c.fence + 1}
    died = _move(db, free["sent"], "sent", "unknown", {**held, "quiet_at": later(at, settle)}, _COLUMNS)
    return _claims([*died, *_move(db, free["unknown"], "unknown", "unknown", held, _COLUMNS)])


def creating(db: Connection, member: Member) -> bool:
    """Tell whether a record may have been made in a stream that we do not know yet."""
    rows = table(Intent)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.slot == "")
    return db.execute(select(rows.c.id).where(*mine, in_doubt()).limit(1)).first() is not None


def unanswered(db: Connection, member: Member) -> dict[str, Document]:
    """Return what was sent as updates of which no answer is known, by the record's key."""
    rows = table(Intent)
    query = select(rows.c.slot, rows.c.document).where(
        rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.slot != "", in_doubt()
    )
    return {slot: orjson.loads(document) for slot, document in db.execute(query.order_by(rows.c.id)).all()}


def _mine(row: Any, who: str) -> bool:
    return bool(row.state == "unknown" and row.owner == who)


def keep(db: Connection, claims: Sequence[Claim], *, until: str) -> bool:
    """Renew the lease of what is claimed for sending; tell whether all of it is still ours.

    What is being recorded at this moment is skipped: two transactions of one attempt must not wait for each other.
    """
    rows = table(Intent)
    ours = True
    for some in chunks(claims):
        ids = rows.c.id.in_([one.id for one in some])
        seen = tuple_(rows.c.id, rows.c.fence).in_([(one.id, one.fence) for one in some])
        free = select(rows.c.id).where(ids, seen, rows.c.state == "sent").with_for_update(skip_locked=True)
        going = list(db.execute(free).scalars())
        db.execute(update(rows).where(rows.c.id.in_(going)).values(lease_until=until))
        ours &= not db.execute(select(func.count()).select_from(rows).where(ids, ~seen)).scalar_one()
    return ours


def end(
    db: Connection,
    claims: Iterable[Claim],
    state: str,
    *,
    at: str,
    reasons: Sequence[str] = (),
    unsent: bool = False,
    settle: float = 0.0,
) -> set[str]:
    """Move claimed intents on, `unsent` ones as if never tried; return the ids that were still ours to move."""
    rows = table(Intent)
    values: dict[str, Any] = {
        "attempts": rows.c.attempts - int(unsent),
        "reasons": words.listed(reasons) if reasons else None,
        "lease_until": None,
    }
    if state in states.ENDED:
        values["ended_at"] = at
    if state == "unknown":
        values["quiet_at"] = later(at, settle)
    moved: set[str] = set()
    found = list(claims)
    for before in sorted({one.state for one in found}):
        moved |= {row.id for row in _move(db, [c for c in found if c.state == before], before, state, values)}
    return moved


def replan(db: Connection, connection: str, stream: str, profiles: Sequence[str], *, at: str) -> None:
    """Close what was planned for these profiles and not sent: a new plan replaces it."""
    rows = table(Intent)
    mine = (rows.c.connection == connection, rows.c.stream == stream)
    # Said in the very words of the partial index, or SQLite walks through all that is planned, chunk after chunk.
    query = select(rows.c.id, rows.c.fence, rows.c.state).where(
        *mine, rows.c.profile.in_(profiles), text(OPEN_WORDS)
    )
    stale = [row for row in db.execute(query) if row.state == "planned"]
    _move(db, stale, "planned", "superseded", {"ended_at": at})


def reopen(db: Connection, connection: str, stream: str, *, at: str) -> list[str]:
    """Close what an earlier attempt planned and never sent; return the profiles to be planned anew.

    A create that may have been done keeps its id, repeated under another it would be done twice: it becomes unknown.
    """
    rows = table(Intent)
    mine = (rows.c.connection == connection, rows.c.stream == stream, rows.c.state == "planned")
    found = db.execute(
        select(rows.c.id, rows.c.fence, rows.c.profile, rows.c.slot, rows.c.attempts).where(*mine)
    ).all()
    doubtful = [row for row in found if not row.slot and row.attempts]
    _move(db, doubtful, "planned", "unknown", {"lease_until": None})
    stale = _move(db, found, "planned", "superseded", {"ended_at": at})  # those that are still planned
    return sorted({row.profile for row in stale})


def taken_over(
    db: Connection, connection: str, stream: str, names: Sequence[str], *, run: str, since: str
) -> set[str]:
    """Return which of these records, or of the profiles to be made, had a write that ended since an instant or is another run's.

    What another run has claimed is accounted for there.
    """
    rows = table(Intent)
    claimed = and_(rows.c.state.in_(("sent", "unknown")), rows.c.run != run)
    query = select(rows.c.profile, rows.c.slot).where(
        rows.c.connection == connection, rows.c.stream == stream, or_(rows.c.ended_at >= since, claimed)
    )
    found: set[str] = set()
    for some in chunks(names):
        mine = query.where(or_(rows.c.slot.in_(some), and_(rows.c.slot == "", rows.c.profile.in_(some))))
        found |= {slot or profile for profile, slot in db.execute(mine)}
    return found


def _move(
    db: Connection,
    seen: Sequence[Any],
    before: str,
    after: str,
    values: dict[str, Any],
    columns: Sequence[str] = ("id", "profile"),
) -> Sequence[Row[Any]]:
    """Move intents from one state to another, those that are still as they were seen; return them as they are now.

    `seen` has an id and a fence each. Another attempt that was quicker, before or beside this transaction, leaves nothing
    to be found.
    """
    rows, state = table(Intent), states.checked(before, after)
    by_fence: dict[int, list[str]] = {}
    for one in seen:
        by_fence.setdefault(one.fence, []).append(one.id)
    moved: list[Row[Any]] = []
    for fence, ids in by_fence.items():
        as_seen = update(rows).where(rows.c.fence == fence, rows.c.state == before)
        query = as_seen.values(state=state, **values).returning(*(rows.c[c] for c in columns))
        for some in chunks(ids, 500):
            moved += db.execute(query.where(rows.c.id.in_(some))).all()
    return moved


def _claims(rows: Iterable[Row[Any]]) -> list[Claim]:
    found = [Claim._make(row) for row in rows]
    read = (one._replace(document=orjson.loads(one.document), patch=orjson.loads(one.patch)) for one in found)  # type: ignore[arg-type]
    return sorted(read, key=lambda one: one.id)
