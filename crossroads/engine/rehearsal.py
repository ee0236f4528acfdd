"""A system that is asked and never told: it is read as it is, and every write is answered here as done."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import func, select

from crossroads.canonical import Document
from crossroads.connector import Connector
from crossroads.engine import echo
from crossroads.engine.received import merged
from crossroads.plan import Member
from crossroads.records import Batch, Change, Found, Record, State, Stream, WriteResult, Written
from crossroads.store import Store
from crossroads.store.session import table
from crossroads.store.tables import Contribution

_NUMBER = re.compile(r"\d+(?=\D*$)")
_WIDTH = 9  # as many digits as tell a made-up number from those a system gives


@dataclass(frozen=True, slots=True)
class Answered:
    """A change that was answered here: what the target said before, by canonical field; nothing, for a create."""

    id: str
    before: Document = field(repr=False)


class Rehearsed(Connector[Any]):
    """Answers as a system does that takes every change and shows it as it was told."""

    def __init__(self, real: Connector[Any], connection: str, copy: Store, log: list[Answered]) -> None:
        super().__init__(real.settings, list(real.streams.values()))
        self.real, self.connection, self.copy, self.log = real, connection, copy, log
        self.told: dict[tuple[str, str], Record | None] = {}

    def check(self) -> None:
        """Ask the system itself."""
        self.real.check()

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Read from the system itself."""
        return self.real.read(stream, since)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Fetch from the system itself; what was told to a record here is in it, as far as it can be foreseen."""
        told = [self.told[stream.name, key] for key in keys if (stream.name, key) in self.told]
        yield from (record for record in told if record is not None)
        if rest := [key for key in keys if (stream.name, key) not in self.told]:
            yield from self.real.fetch(stream, rest)

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Look in the system itself for what an earlier run left there."""
        return self.real.find(stream, change)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Answer every change as done; nothing is sent."""
        held = self._held(stream, [change.key for change in changes if change.key])
        numbers = self._numbers(stream)
        for change in changes:
            self.log.append(Answered(change.id, held.get(change.key, {}) if change.key else {}))
            if change.key:
                # No record: what it said before, and the fields it was told. What becomes of nested parts nobody knows.
                known = change.base is not None and not change.parts
                now = merged(change.base or {}, change.record) if known else None
                self.told[stream.name, change.key] = now
                yield Written(change, change.key)
            else:
                record = deepcopy(change.record)
                key = _keyed(record, stream.key.split("."), numbers)
                self.told[stream.name, key] = record
                yield Written(change, key, None, record)

    def close(self) -> None:
        """Release the system's connections."""
        self.real.close()

    def _held(self, stream: Stream, keys: Sequence[str]) -> Mapping[str, Document]:
        member = Member(connection=self.connection, stream=stream.name)
        with self.copy.read() as db:
            return {key: held.holds for key, held in echo.held(db, member, keys).items()}

    def _numbers(self, stream: Stream) -> Iterator[str]:
        """Yield keys such as the system gives, but not yet given: other targets may hear of them in the same run."""
        rows = table(Contribution)
        mine = (rows.c.connection == self.connection, rows.c.stream == stream.name)
        with self.copy.read() as db:
            highest = db.execute(select(func.max(rows.c.key)).where(*mine)).scalar()
            known = set(db.execute(select(rows.c.key).where(*mine)).scalars())
        return (key for n in count(1) if (key := like(highest or "new-1", n)) not in known)


def like(example: str, number: int) -> str:
    """Return a key of the same form, with a number from the upper end.

    >>> like("gid://shop/Customer/1234567890", 1), like("h4", 2), like("none", 3)
    ('gid://shop/Customer/9999999999', 'h999999998', 'none-999999997')
    """
    found = _NUMBER.search(example)
    width = max(len(found.group()) if found else 0, _WIDTH)
    made = str(10**width - number)
    return f"{example[: found.start()]}{made}{example[found.end() :]}" if found else f"{example}-{made}"


def _keyed(record: Record, way: Sequence[str], numbers: Iterator[str]) -> str:
    """Give a new record its key, if it brings none, and return it."""
    *trail, last = way
    for name in trail:
        inner = record.get(name)
        record = record.setdefault(name, {}) if inner is None else inner
        if not isinstance(record, dict):
            return next(numbers)
    if record.get(last) in (None, ""):
        record[last] = next(numbers)
    return str(record[last])
