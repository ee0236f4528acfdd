"""The journal: append-only, each entry chained to the one before, and still verifiable after a value in it was erased."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from secrets import token_hex
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from crossroads.store.session import Bulk, table
from crossroads.store.tables import Entry

_insert = Bulk(Entry, ("seq", "at", "run", "kind", "subject", "body", "salt", "digest", "hash"), update=())
START = "0" * 64


class Line(NamedTuple):
    """One thing that happened: what kind, to which record or profile, and the particulars."""

    kind: str
    subject: str
    body: dict[str, Any]


def append(connection: Connection, lines: Sequence[Line], *, run: str, at: str) -> None:
    """Write the lines behind the last entry, inside the caller's transaction.

    A second writer that read the same last entry fails on the primary key and its transaction is rolled back
    whole.
    """
    entries = table(Entry)
    last = connection.execute(
        select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc()).limit(1)
    ).first()
    seq, previous = (last.seq, last.hash) if last else (0, START)
    salt = token_hex(16)
    rows = []
    for line in lines:
        seq += 1
        body = orjson.dumps(line.body, option=orjson.OPT_SORT_KEYS).decode()
        digest = _digest(salt, body)
        previous = _chained(previous, seq, at, run, line.kind, line.subject, digest)
        rows.append((seq, at, run, line.kind, line.subject, body, salt, digest, previous))
    _insert(connection, rows)


def verify(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the chain, oldest first; nothing, when it holds."""
    entries = table(Entry)
    previous, expected = START, 1
    for row in connection.execute(select(entries).order_by(entries.c.seq)):
        if row.seq != expected:
            yield f"entries {expected} to {row.seq - 1} are missing"
        if row.body is not None and _digest(row.salt, row.body) != row.digest:
            yield f"entry {row.seq}: its body was changed"
        if _chained(previous, row.seq, row.at, row.run, row.kind, row.subject, row.digest) != row.hash:
            yield f"entry {row.seq}: it does not follow the one before"
        previous, expected = row.hash, row.seq + 1


def _digest(salt: str, body: str) -> str:
    return blake2b(body.encode(), key=bytes.fromhex(salt), digest_size=32).hexdigest()


def _chained(previous: str, seq: int, at: str, run: str, kind: str, subject: str, digest: str) -> str:
    return blake2b(
        "\x1f".join((previous, str(seq), at, run, kind, subject, digest)).encode(), digest_size=32
    ).hexdigest()
