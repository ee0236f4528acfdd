"""New records that rest: as long as one of them may be a create of ours whose answer was lost, nobody asks whose they are."""

from sqlalchemy import Connection, exists, select, text

from crossroads.engine.ledger import in_doubt
from crossroads.plan import Member
from crossroads.store.session import table
from crossroads.store.tables import Contribution, Intent, Link, Parked


def doubted(db: Connection) -> set[tuple[str, str]]:
    """Return the streams in which a record may have been made that we do not know of; not if only a person can tell."""
    intent, parked = table(Intent), table(Parked)
    asked = exists().where(
        parked.c.connection == intent.c.connection,
        parked.c.stream == intent.c.stream,
        parked.c.what == intent.c.profile,
        parked.c.reason == "outcome",
    )
    query = select(intent.c.connection, intent.c.stream).where(in_doubt(), intent.c.slot == "", ~asked)
    return {(connection, stream) for connection, stream in db.execute(query.distinct())}


def unmatched(db: Connection, entity: str, member: Member) -> bool:
    """Tell whether a stream has new records of which nobody has asked yet whose they are."""
    rows, link = table(Contribution), table(Link)
    # What the stream was read as before its sync was another is matched by nobody any more.
    here = (
        rows.c.entity == entity,
        rows.c.connection == member.connection,
        rows.c.stream == member.stream,
    )
    dirty = select(rows.c.id).outerjoin(link, link.c.contribution == rows.c.id)
    new = dirty.where(*here, text("dirty > 0"), ~rows.c.gone, link.c.profile.is_(None)).limit(1)
    return db.execute(new).first() is not None


def resting(db: Connection, entity: str, member: Member) -> bool:
    """Tell whether new records of a stream rest because one of them may be a create in doubt."""
    return (member.connection, member.stream) in doubted(db) and unmatched(db, entity, member)
