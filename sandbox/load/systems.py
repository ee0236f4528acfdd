"""Three systems in a process of their own, reached by every worker; each call is counted with its time."""

import random
import time
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing.managers import BaseManager
from threading import Lock
from typing import Any

from crossroads.connector import Connector
from crossroads.protocols.budget import Budget
from crossroads.protocols.counters import Counters
from crossroads.records import Batch, Change, Found, Record, State, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemorySettings

NAMES = ("erp", "crm", "shop")
STREAMS = ("people", "orders")
LOST = 0.02
ALLOWED = 25
"""Calls a second that each system allows all workers together."""


class Systems:
    """The systems and the people who work in them; lives in the server process, one call at a time."""

    def __init__(self, seed: int) -> None:
        self.lock, self.chance = Lock(), random.Random(seed)
        self.memories = {
            # With a version in each answer, or an edit between our look and our write could not be told.
            "erp": Memory(create="enforced_key", settle_seconds=0.5, page=50, token=True),
            "crm": Memory(create="search", settle_seconds=0.5, page=50, token=True),
            "shop": Memory(create="idempotency_key", settle_seconds=0.5, page=50, token=True),
        }
        self.calls: dict[str, list[float]] = {name: [] for name in NAMES}
        self.made: Counter[str] = Counter()
        self.losing = True
        self.number = 0

    def call(self, name: str, verb: str, stream: Stream, *arguments: Any) -> list[Any]:
        """Carry out one call of a connector and return all it yields; now and then its answer is lost."""
        came = time.monotonic()
        with self.lock:
            memory = self.memories[name]
            insort(self.calls[name], came)
            if verb == "write" and self.losing and self.chance.random() < LOST:
                setattr(memory, self.chance.choice(("lose", "lose_before")), 1)
            return list(getattr(memory.connector(*STREAMS), verb)(stream, *arguments))

    def streams(self, name: str) -> dict[str, Stream]:
        """Return what a system offers."""
        return dict(self.memories[name].connector(*STREAMS).streams)

    def edit(self) -> None:
        """Let somebody do something somewhere by hand."""
        with self.lock:
            what = self.chance.choices(
                (self._make, self._make_again, self._edit, self._order, self._delete), (4, 2, 12, 3, 1)
            )
            what[0]()

    def _make(self) -> None:
        self.number += 1
        family = f"Fam{self.number:05}"
        self.made[family] += 1
        given = "".join(random.Random(self.number).choices("abcdefghijklmnopqrstuvwxyz", k=9)).title()
        known = self.chance.choice(({"mail"}, {"mobile"}, {"mail", "mobile"}))
        values = {"mail": f"m{self.number}@x.example", "mobile": f"+49151{self.number:08}"}
        self._put(self.chance.choice(NAMES), "people", f"h{self.number}", given=given, family=family,
                  **{name: value for name, value in values.items() if name in known})  # fmt: skip

    def _make_again(self) -> None:
        """Make somebody elsewhere who is known here: one person, by the address they share."""
        name, _, record = self._somebody()
        if record and (shared := [field for field in ("mail", "mobile") if record.get(field)]):
            self.number += 1
            self.made[record["family"]] += 1
            other = self.chance.choice([one for one in NAMES if one != name])
            fields = {field: record[field] for field in ("given", "family", self.chance.choice(shared))}
            self._put(other, "people", f"h{self.number}", **fields)

    def _edit(self) -> None:
        name, key, record = self._somebody()
        if record:
            field = self.chance.choice(("city", "street", "mobile"))
            value = self.chance.randrange(10**8)
            said = (
                f"+4916{value:08}" if field == "mobile" else self.chance.choice((f"{field} {value % 50}", ""))
            )
            self._put(name, "people", key, **{field: said})

    def _order(self) -> None:
        _, key, record = self._somebody("shop")
        if record:
            self.number += 1
            status = self.chance.choice(("open", "delivered"))
            self._put(
                "shop", "orders", f"o{self.number}", reference=f"#{self.number}", buyer=key, status=status
            )

    def _delete(self) -> None:
        """Delete a person where no order needs one."""
        _, key, record = self._somebody("crm")
        if record:
            self.memories["crm"].delete("people", key)

    def _somebody(self, name: str | None = None) -> tuple[str, str, Record | None]:
        name = name or self.chance.choice(NAMES)
        people = self.memories[name].records.get("people", {})
        key = self.chance.choice(list(people)) if people else ""
        return name, key, people.get(key)

    def _put(self, name: str, stream: str, key: str, **fields: str) -> None:
        self.memories[name].put(stream, key, **fields)

    def calm(self) -> None:
        """Let no answer be lost any more."""
        with self.lock:
            self.losing = False
            for memory in self.memories.values():
                memory.lose = memory.lose_before = 0

    def told(self) -> dict[str, Any]:
        """Return what is to be judged: the records, what people made, the writes and the calls."""
        with self.lock:
            return {
                "records": {name: memory.records for name, memory in self.memories.items()},
                "made": self.made,
                "writes": {name: len(memory.writes) for name, memory in self.memories.items()},
                "calls": {name: len(times) for name, times in self.calls.items()},
            }

    def most(self, name: str, seconds: float) -> int:
        """Return the most calls that a system got within any such time: what a budget bounds."""
        times = self.calls[name]
        return max(
            (place + 1 - bisect_left(times, at - seconds) for place, at in enumerate(times)), default=0
        )


class Server(BaseManager):
    """Serves the systems to other processes over a socket."""


Server.register("Systems", Systems)


class Remote(Connector[MemorySettings]):
    """A connector to one of the systems in the other process, which all workers together call so often and no more."""

    settings_model = MemorySettings

    def __init__(self, systems: Any, name: str, counted: str) -> None:
        super().__init__(MemorySettings(), list(systems.streams(name).values()))
        self.systems, self.name = systems, name
        self.budget = Budget({"per_second": ALLOWED}, name=name, title=name, counters=Counters(counted))

    def check(self) -> None:
        """Answer."""

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield pages in the order of change."""
        yield from self._call("read", stream, since)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the records with these keys."""
        yield from self._call("fetch", stream, keys)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Carry changes out, a call each."""
        for change in changes:
            yield from self._call("write", stream, [change])

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Search by the reference of a create."""
        return self._call("find", stream, change)

    def _call(self, verb: str, stream: Stream, *arguments: Any) -> list[Any]:
        self.budget.take()
        found: list[Any] = self.systems.call(self.name, verb, stream, *arguments)
        self.budget.heard(dead=False)
        return found

    def close(self) -> None:
        """Release what keeps the count."""
        self.budget.close()
