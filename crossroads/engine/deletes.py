"""Deletions: noted with the page that tells them, weighed as a whole when the read is through, then marked or held.

Whether the system reports a deletion or a record is missing from a proved listing, it takes the same way: a row of `deletion`
in the page's own transaction, so that no kill loses it, and one judgement at the end. More than the sync file allows are
held until a person decides; an approval counts for the rows it was given for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from crossroads import journal
from crossroads.engine import ledger
from crossroads.plan import Member
from crossroads.records import Stream
from crossroads.store.clock import Clock
from crossroads.store.session import Bulk, Store, chunks, table
from crossroads.store.tables import Contribution, Deletion

HIDDEN = "absent"
"""The value of `contribution.blocked` for a record that its system hides."""
EARLY = "early"
"""The state of a deletion of a record that we do not know, or not yet."""

_told = Bulk(Deletion, ("connection", "stream", "key", "how", "state", "at", "run"), update=())


def here(rows: Table, member: Member) -> ColumnElement[bool]:
    """Return the condition that a row belongs to a member's stream."""
    return (rows.c.connection == member.connection) & (rows.c.stream == member.stream)


def seen(rows: Table) -> ColumnElement[bool]:
    """Return the condition that a contribution's record is there, as far as we know."""
    return ~rows.c.gone & rows.c.blocked.is_distinct_from(HIDDEN)


def waiting(db: Connection, member: Member) -> dict[str, str]:
    """Return the state of every deletion of a stream that is not decided or not carried out."""
    rows = table(Deletion)
    found = db.execute(select(rows.c.key, rows.c.state).where(here(rows, member)))
    return {row.key: row.state for row in found}


def tell(
    db: Connection, member: Member, keys: Sequence[str], how: str, known: Mapping[str, str], run: str, at: str
) -> dict[str, str]:
    """Note keys that are said to be deleted; return how those ended that need no weighing.

    A deletion is told again and again while it is within the overlap: carried out once, it is nothing new. One of a record
    that we do not know is kept while we make records there: that one may be ours, and its answer still to come.
    """
    rows = table(Contribution)
    ended: dict[str, str] = {}
    for some in chunks(keys):
        query = select(rows.c.key, seen(rows)).where(here(rows, member), rows.c.key.in_(some))
        stored = {row[0]: row[1] for row in db.execute(query)}
        living = {key for key, there in stored.items() if there}
        if (strange := sorted(set(some) - stored.keys() - known.keys())) and ledger.creating(db, member):
            _told(db, [(member.connection, member.stream, key, how, EARLY, at, run) for key in strange])
        ended |= {key: "unchanged" for key in some if key not in living}
        ended |= {key: "withheld" for key in living if known.get(key) in ("held", "refused")}
        fresh = sorted(living - known.keys())
        _told(db, [(member.connection, member.stream, key, how, "told", at, run) for key in fresh])
    return ended


def found(db: Connection, member: Member, key: str, how: str, run: str, at: str) -> None:
    """Note the deletion of a record that is ours, of which a look-up told and perhaps no read does."""
    _told(db, [(member.connection, member.stream, key, how, "told", at, run)])


def weigh(db: Connection, member: Member, key: str) -> None:
    """Let the next read weigh the deletion of a record that was told before we knew that the record is ours."""
    rows = table(Deletion)
    mine = (here(rows, member), rows.c.key == key, rows.c.state == EARLY)
    db.execute(update(rows).where(*mine).values(state="told"))


def tidy(db: Connection, member: Member) -> None:
    """Forget deletions of records that we do not know once nothing is being made there any more."""
    rows = table(Deletion)
    early = (here(rows, member), rows.c.state == EARLY)
    if db.execute(select(rows.c.key).where(*early).limit(1)).first() and not ledger.creating(db, member):
        db.execute(rows.delete().where(*early))


def came_back(db: Connection, member: Member, keys: Iterable[str]) -> None:
    """Forget deletions of records that were seen again."""
    rows = table(Deletion)
    for some in chunks(sorted(keys)):
        db.execute(rows.delete().where(here(rows, member), rows.c.key.in_(some)))


def judge(db: Connection, member: Member, stream: Stream, run: str, at: str) -> dict[str, str]:
    """Mark what was told or approved as gone, or hold what was told because it is too much; return how each ended."""
    rows, contributions = table(Deletion), table(Contribution)
    open_ = rows.c.state.in_(("told", "approved"))
    found = db.execute(select(rows.c.key, rows.c.how, rows.c.state).where(here(rows, member), open_)).all()
    if not found:
        return {}
    told = [row.key for row in found if row.state == "told"]
    mine = (here(contributions, member), seen(contributions))
    living = db.execute(select(func.count()).select_from(contributions).where(*mine)).scalar_one()
    undecided = db.execute(
        select(rows.c.key).where(here(rows, member), rows.c.state == "held").limit(1)
    ).first()
    # While a person has not said what to make of the others, what comes after them is of the same kind.
    stopped = bool(told) and (undecided is not None or member.deletes.stops(len(told), living))
    marked = [row for row in found if not (stopped and row.state == "told")]
    for hides in (False, True):
        keys = sorted(row.key for row in marked if (stream.hides and row.how == "absent") is hides)
        values = {"blocked": HIDDEN, "dirty": 1} if hides else {"gone": True, "dirty": 1}
        for some in chunks(keys):
            db.execute(update(contributions).where(*mine, contributions.c.key.in_(some)).values(**values))
            db.execute(rows.delete().where(here(rows, member), rows.c.key.in_(some)))
    held = told if stopped else []
    for some in chunks(held):
        db.execute(update(rows).where(here(rows, member), rows.c.key.in_(some)).values(state="held"))
    line = {
        "marked": len(marked),
        "held": len(held),
        "of": living,
        "how": dict(Counter(row.how for row in found)),
    }
    journal.append(db, [journal.Line("delete", member.name, line)], run=run, at=at)
    return {row.key: "applied" for row in marked} | dict.fromkeys(held, "withheld")


@dataclass(frozen=True, slots=True)
class Held:
    """The deletions of one stream that wait for a person."""

    connection: str
    stream: str
    keys: Sequence[str]
    living: int
    how: Sequence[str]
    at: str
    run: str

    @property
    def name(self) -> str:
        """Return `connection.stream`."""
        return f"{self.connection}.{self.stream}"


def held(db: Connection) -> list[Held]:
    """Return what waits for a person, stream by stream."""
    rows, contributions = table(Deletion), table(Contribution)
    query = select(rows).where(rows.c.state == "held").order_by(rows.c.connection, rows.c.stream, rows.c.key)
    by_stream: dict[tuple[str, str], list[tuple[str, str, str, str]]] = {}
    for row in db.execute(query):
        by_stream.setdefault((row.connection, row.stream), []).append((row.key, row.how, row.at, row.run))
    found = []
    for (connection, stream), those in by_stream.items():
        mine = (
            contributions.c.connection == connection,
            contributions.c.stream == stream,
            seen(contributions),
        )
        living = db.execute(select(func.count()).select_from(contributions).where(*mine)).scalar_one()
        keys, how, at, run = zip(*those, strict=True)
        found.append(
            Held(connection, stream, keys, living, sorted(set(how)), min(at), run[at.index(min(at))])
        )
    return found


def decide(store: Store, clock: Clock, shown: Held, verdict: str, by: str) -> int:
    """Approve or refuse the deletions a person was shown, and no others; return how many still waited."""
    rows, at, number = table(Deletion), clock(), 0
    mine = (rows.c.connection == shown.connection, rows.c.stream == shown.stream, rows.c.state == "held")
    with store.write() as db:
        for some in chunks(shown.keys):
            values = {"state": verdict, "decided_by": by, "decided_at": at}
            number += db.execute(update(rows).where(*mine, rows.c.key.in_(some)).values(**values)).rowcount
        if number:
            line = {verdict: number, "by": by, "keys": list(shown.keys)}
            journal.append(db, [journal.Line("delete", shown.name, line)], run="", at=at)
    return number


def problem(db: Connection, member: Member) -> list[str]:
    """Return the sentence that a run with held deletions ends red with."""
    rows = table(Deletion)
    query = select(func.count()).select_from(rows).where(here(rows, member), rows.c.state == "held")
    number, brake = db.execute(query).scalar_one(), member.deletes
    if not number:
        return []
    return [
        f"{member.name}: {number} records are said to be deleted, and none of them was marked, because more than "
        f"{brake.least} and more than {brake.most} at once need a person: see `crossroads deletes`, then "
        f"`crossroads deletes approve {member.name} --by NAME` or `refuse`"
    ]
