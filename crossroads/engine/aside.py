"""What is set aside while a page goes on: refused records with their original, and odd fields."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select
from xxhash import xxh3_128_hexdigest

from crossroads.engine import words
from crossroads.engine.doubles import WHOLE
from crossroads.engine.raw import original
from crossroads.mapping import Lens, Notice
from crossroads.plan import Member
from crossroads.records import Record
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Notice as NoticeRow
from crossroads.store.tables import Rejected

_rejected = Bulk(Rejected, ("connection", "stream", "key", "step", "reasons", "raw", "digest", "at", "run"))
_notice = Bulk(NoticeRow, ("connection", "stream", "key", "path", "reason", "at", "run"))


def refused(db: Connection, member: Member) -> dict[str, str]:
    """Return the records of a stream that are set aside, key -> mark of content and mapping."""
    rows = table(Rejected)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream, rows.c.step == "pull")
    return {row.key: row.digest for row in db.execute(select(rows.c.key, rows.c.digest).where(*mine)).all()}


def keep(
    db: Connection, member: Member, lens: Lens, rejected: Sequence[tuple[str, Sequence[str], Record]],
    notices: Sequence[Notice], ended: Mapping[str, str], before: Mapping[str, str], run: str, at: str,
) -> None:  # fmt: skip
    """Keep what was set aside, and forget what has come right since."""
    rows = []
    for key, reasons, record in rejected:
        payload = original(record)
        mark = f"{xxh3_128_hexdigest(payload)}/{lens.version}"
        if before.get(key) != mark:
            told = words.listed(reasons)
            rows.append((member.connection, member.stream, key, "pull", told, payload, mark, at, run))
    _rejected(db, rows)
    healed = [key for key in before if ended.get(key) in ("applied", "unchanged")]
    if healed:
        table_ = table(Rejected)
        mine = (
            table_.c.connection == member.connection,
            table_.c.stream == member.stream,
            table_.c.step == "pull",
        )
        db.execute(table_.delete().where(*mine, table_.c.key.in_(healed)))
    _odd(db, member, notices, [key for key, outcome in ended.items() if outcome == "applied"], run, at)


def _odd(
    db: Connection, member: Member, notices: Sequence[Notice], applied: Sequence[str], run: str, at: str
) -> None:
    """Replace the notices of the records that were read anew."""
    rows = table(NoticeRow)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream)
    if applied and db.execute(select(rows.c.key).where(*mine).limit(1)).first():
        for some in chunks(applied):
            db.execute(rows.delete().where(*mine, rows.c.key.in_(some), rows.c.path != WHOLE))
    _notice(db, [(member.connection, member.stream, n.key, n.path, n.reason, at, run) for n in notices])
