"""A system in memory: remembers, refuses, loses answers and dies as told, and counts every change it really made.

It stands for any remote system in tests of the engine and of mappings: real enough to be wrong in the ways that matter.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from crossroads.connector import Connector, Settings
from crossroads.errors import Unavailable
from crossroads.records import (
    Batch,
    Change,
    Deletes,
    Found,
    Record,
    Rejected,
    Safety,
    State,
    Stream,
    Unknown,
    WriteResult,
    Written,
)


@dataclass
class Memory:
    """One remote system: streams of records, each with `key`, `version` and `changed` kept by the system itself.

    `normalise` is applied to every record written, as a system does that capitalises or derives. `lose` is how many
    answers to writes are lost after the write was done; `refuse` tells why a record is refused; `down` makes everything
    unavailable. With `token` its records carry a version that it checks; else they must be compared before they are changed.
    unavailable. `unlisted` are keys that lists leave out though the records are there; `counted` is what it says a list has.
    """

    create: Safety = "search"
    shows: bool = True
    token: bool = False
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    writes: list[tuple[str, str, str]] = field(default_factory=list)
    requests: dict[str, str] = field(default_factory=dict)
    normalise: Callable[[Record], Record] = lambda record: record
    refuse: Callable[[Record], str | None] = lambda record: None
    lose: int = 0
    lose_before: int = 0
    down: bool = False
    page: int = 2
    settle_seconds: float = 0.2
    tick: int = 0
    gone: dict[str, dict[str, int]] = field(default_factory=dict)
    deletes: Deletes = "native"
    blocked: Sequence[str] = ()
    hides: bool = False
    unlisted: set[str] = field(default_factory=set)
    counted: int | None = None

    def put(self, stream: str, key: str, **fields: Any) -> None:
        """Let somebody at the system create or change a record by hand."""
        self.tick += 1
        record = {**self.records.setdefault(stream, {}).get(key, {}), **fields}
        self.records[stream][key] = {**record, "key": key, "version": str(self.tick), "seq": self.tick}

    def delete(self, stream: str, key: str) -> None:
        """Let somebody at the system delete a record by hand; reading tells of it."""
        self.tick += 1
        del self.records[stream][key]
        self.gone.setdefault(stream, {})[key] = self.tick

    def value(self, stream: str, key: str, name: str) -> Any:
        """Return one field of one record."""
        return self.records[stream][key].get(name)

    def connector(self, *streams: str, writable: bool = True) -> "MemoryConnector":
        """Return a connector to this system."""
        return MemoryConnector(
            self,
            [
                Stream(
                    name,
                    "key",
                    version="version" if self.token else None,
                    writable=writable,
                    create=self.create,
                    deletes=self.deletes,
                    blocked=self.blocked,
                    hides=self.hides,
                    settle_seconds=self.settle_seconds,
                )
                for name in streams
            ],
        )


class MemorySettings(Settings):
    """None."""


class MemoryConnector(Connector[MemorySettings]):
    """Reads and writes a Memory."""

    settings_model = MemorySettings

    def __init__(self, memory: Memory, streams: Sequence[Stream]) -> None:
        super().__init__(MemorySettings(), streams)
        self.memory = memory

    def check(self) -> None:
        """Answer, unless down."""
        if self.memory.down:
            raise Unavailable("the system in memory is down; start it again")

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield pages in the order of change."""
        self.check()
        after = int(since.cursor.get("seq", 0))
        rows = sorted(self.memory.records.get(stream.name, {}).values(), key=lambda r: r["seq"])
        rows = [row for row in rows if row["seq"] > after and row["key"] not in self.memory.unlisted]
        gone = self._gone(stream, after)
        newest = max([after, *gone.values(), *(row["seq"] for row in rows)])
        whole, total = not since, self.memory.counted
        if gone:
            # Before the rows, whose cursors lie behind these deletions: a reader killed in between would never hear of them.
            state = State({"seq": after if rows else newest})
            yield Batch([], state, gone=sorted(gone), last=whole and not rows, total=total)
        for start in range(0, len(rows), self.memory.page):
            page, last = rows[start : start + self.memory.page], start + self.memory.page >= len(rows)
            state = State({"seq": newest if last else page[-1]["seq"]})
            yield Batch([dict(row) for row in page], state, last=whole and last, total=total)
        if not rows and not gone and whole:
            yield Batch([], since, last=True, total=total)

    def _gone(self, stream: Stream, after: int) -> dict[str, int]:
        if self.memory.deletes not in ("native", "tombstones"):
            return {}
        gone = self.memory.gone.get(stream.name, {})
        there = self.memory.records.get(stream.name, {})
        return {key: seq for key, seq in gone.items() if seq > after and key not in there}

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the records with these keys."""
        self.check()
        rows = self.memory.records.get(stream.name, {})
        yield from (dict(rows[key]) for key in keys if key in rows)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Carry changes out one by one."""
        for change in changes:
            self.check()
            yield self._one(stream, change)

    def _one(self, stream: Stream, change: Change) -> WriteResult:
        memory, rows = self.memory, self.memory.records.setdefault(stream.name, {})
        if memory.lose_before:
            memory.lose_before -= 1
            return Unknown(change, "the connection broke")
        if reason := memory.refuse(change.record):
            return Rejected(change, [reason])
        if change.key is not None and change.key not in rows:
            return Rejected(change, ["it is not there any more"])
        if change.key is not None and rows[change.key]["version"] != change.version and change.version:
            return Rejected(change, ["somebody changed it"], conflict=True)
        key = change.key or self._new_key(stream, change, rows)
        if change.key is None and key in rows:
            return Written(change, key, None, dict(rows[key]) if memory.shows else None)
        memory.tick += 1
        record = memory.normalise({**rows.get(key, {}), **change.record})
        rows[key] = {**record, "key": key, "version": str(memory.tick), "seq": memory.tick}
        memory.writes.append((stream.name, key, "update" if change.key else "create"))
        if memory.lose:
            memory.lose -= 1
            return Unknown(change, "the answer was lost")
        return Written(
            change,
            key,
            rows[key]["version"] if memory.token else None,
            dict(rows[key]) if memory.shows else None,
        )

    def _new_key(self, stream: Stream, change: Change, rows: dict[str, Record]) -> str:
        if self.memory.create == "enforced_key":
            return f"own-{change.reference}"
        if self.memory.create == "idempotency_key" and change.id in self.memory.requests:
            return self.memory.requests[change.id]
        key = f"{stream.name}-{len(rows) + len(self.memory.gone.get(stream.name, {})) + 1}"
        self.memory.requests[change.id] = key
        return key

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Search by the reference of a create; who gives records our numbers also tells of one that was deleted."""
        self.check()
        rows, own = self.memory.records.get(stream.name, {}), f"own-{change.reference}"
        found = [
            Found(row["key"], row["version"], dict(row))
            for row in rows.values()
            if row.get("reference") == change.reference
        ]
        # Whose numbers are their owners' can tell of one that it was there.
        numbers = self.memory.gone.get(stream.name, {}) if self.memory.create == "enforced_key" else {}
        return found or [Found(own, gone=True)] * (own in numbers and own not in rows)
