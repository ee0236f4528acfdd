"""Raw copies of remote records, compressed with a dictionary trained on the stream's first records."""

import json
import re
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, select

from crossroads.errors import RecordRejected
from crossroads.plan import Member
from crossroads.records import LONGEST_KEY, Record
from crossroads.store import Store
from crossroads.store.session import table
from crossroads.store.tables import Dictionary

SAMPLES = 200  # fewer make a dictionary that is hardly better than none
SIZE = 16 * 1024
_NUL = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u0000"
)  # and not the six letters, which JSON writes with one backslash more


class Raw:
    """Packs the raw copies of one stream."""

    def __init__(self, store: Store, member: Member) -> None:
        self.member = member
        with store.read() as db:
            rows = table(Dictionary)
            mine = (rows.c.connection == member.connection) & (rows.c.stream == member.stream)
            found = db.execute(
                select(rows.c.id, rows.c.content).where(mine).order_by(rows.c.id.desc()).limit(1)
            ).first()
        self.dictionary: int | None = None
        self._use(found.id, found.content) if found else self._use(None, None)

    def _use(self, identity: int | None, content: bytes | None) -> None:
        self.dictionary = identity
        data = zstandard.ZstdCompressionDict(content) if content else None
        self._pack = zstandard.ZstdCompressor(level=1, dict_data=data, write_checksum=False).compress

    def train(self, db: Connection, payloads: list[bytes]) -> None:
        """Train a dictionary on the first page that is large enough, once a stream."""
        if self.dictionary is not None or len(payloads) < SAMPLES:
            return
        content = zstandard.train_dictionary(SIZE, list(payloads[:500])).as_bytes()
        rows = table(Dictionary)
        values = {"connection": self.member.connection, "stream": self.member.stream, "content": content}
        identity = db.execute(rows.insert().values(**values)).inserted_primary_key
        assert identity is not None
        self._use(identity[0], content)

    def pack(self, payload: bytes) -> tuple[bytes, int | None]:
        """Return the compressed copy and the dictionary it needs."""
        return self._pack(payload), self.dictionary


def storable(text: str) -> bool:
    """Tell whether a database keeps a text as a key: PostgreSQL takes no NUL, and nothing takes half a character of Unicode."""
    if len(text) > LONGEST_KEY or "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def checked(key: str) -> str:
    """Return a key; raise RecordRejected if no database keeps it."""
    if storable(key):
        return key
    raise RecordRejected(unkept(key))


def unkept(key: str) -> str:
    """Return why no database keeps a key, without saying it."""
    if len(key) > LONGEST_KEY:
        return f"its key has {len(key):,} characters, more than {LONGEST_KEY}; is it the key?"
    return "its key holds NUL or half a character of Unicode; correct it there"


def payload(record: Record) -> bytes:
    """Return a record as JSON; raise RecordRejected if it holds what JSON or a database does not know."""
    try:
        content = orjson.dumps(record)
    except TypeError:
        raise RecordRejected(
            "the record holds text that is not valid text (half a character of Unicode) or a value JSON does not know; "
            "correct it there, or in the connector"
        ) from None
    # First for what is rare and found at once: nearly no record has a backslash, and every record is asked.
    if b"\\" in content and b"\\u0000" in content and _NUL.search(content):
        raise RecordRejected("the record holds the character NUL, which is no text; correct it there")
    return content


def original(record: Record) -> bytes:
    """Return a record for keeping beside the reasons it was refused for, what is not JSON made so."""
    try:
        return orjson.dumps(record)
    except TypeError:
        return json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "replace")


def unpack(db: Connection, raw: bytes, dictionary: int | None) -> dict[str, Any]:
    """Return a record from its raw copy."""
    record: dict[str, Any] = orjson.loads(_opener(db, dictionary).decompress(raw))
    return record


def _opener(db: Connection, dictionary: int | None) -> zstandard.ZstdDecompressor:
    if dictionary is None:
        return _PLAIN
    known = _openers.setdefault(str(db.engine.url), {})
    if dictionary not in known:
        rows = table(Dictionary)
        content = db.execute(select(rows.c.content).where(rows.c.id == dictionary)).scalar_one()
        known[dictionary] = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(content))
    return known[dictionary]


_PLAIN = zstandard.ZstdDecompressor()
_openers: dict[str, dict[int, zstandard.ZstdDecompressor]] = {}  # a dictionary never changes under its id
