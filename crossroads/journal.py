"""The journal: append-only, each entry chained to the one before, and still verifiable after a value in it was erased."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from secrets import token_hex
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from crossroads.store.scopes import JOURNAL, enter_last
from crossroads.store.session import Bulk, late, table
from crossroads.store.tables import Entry

_insert = Bulk(Entry, ("seq", "at", "run", "kind", "subject", "body", "salt", "digest", "hash"), strict=True)
START = "0" * 64
VERIFIED = 5000


class Line(NamedTuple):
    """One thing that happened: what kind, to which record or profile, and the particulars."""

    kind: str
    subject: str
    body: dict[str, Any]


def append(connection: Connection, lines: Sequence[Line], *, run: str, at: str) -> None:
    """Write the lines behind the last entry when the caller's transaction commits, all of its lines at once.

    Not before: the chain has one writer at a time, and who holds its end may wait for nothing else.
    """
    if lines:
        late(connection, "journal", _write, (lines, run, at))


def _write(connection: Connection, appended: Sequence[tuple[Sequence[Line], str, str]]) -> None:
    enter_last(connection, JOURNAL)
    entries = table(Entry)
    last = connection.execute(
        select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc()).limit(1)
    ).first()
    seq, previous = (last.seq, last.hash) if last else (0, START)
    salt = token_hex(16)
    rows = []
    for lines, run, at in appended:
        for line in lines:
            seq += 1
            body = orjson.dumps(line.body, option=orjson.OPT_SORT_KEYS).decode()
            digest = _digest(salt, body)
            previous = _chained(previous, seq, at, run, line.kind, line.subject, digest)
            rows.append((seq, at, run, line.kind, line.subject, body, salt, digest, previous))
    _insert(connection, rows)


def verify(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the chain, oldest first; nothing, when it holds."""
    previous, expected = START, 1
    for row in _entries(connection):
        if row.seq != expected:
            yield f"entries {expected} to {row.seq - 1} are missing"
        if row.body is not None and _digest(row.salt, row.body) != row.digest:
            yield f"entry {row.seq}: its body was changed"
        if _chained(previous, row.seq, row.at, row.run, row.kind, row.subject, row.digest) != row.hash:
            yield f"entry {row.seq}: it does not follow the one before"
        previous, expected = row.hash, row.seq + 1


def _entries(connection: Connection) -> Iterator[Any]:
    """Yield the entries in order, some at a time: a driver may fetch a whole answer into memory."""
    entries = table(Entry)
    seq = -1
    while some := connection.execute(
        select(entries).where(entries.c.seq > seq).order_by(entries.c.seq).limit(VERIFIED)
    ).all():
        yield from some
        seq = some[-1].seq


def _digest(salt: str, body: str) -> str:
    return blake2b(body.encode(), key=bytes.fromhex(salt), digest_size=32).hexdigest()


def _chained(previous: str, seq: int, at: str, run: str, kind: str, subject: str, digest: str) -> str:
    return blake2b(
        "\x1f".join((previous, str(seq), at, run, kind, subject, digest)).encode(), digest_size=32
    ).hexdigest()
