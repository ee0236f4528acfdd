"""Where a listing by time of change stands: what was seen, what to ask next, when to start a new list."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from crossroads.records import Record, State


class Window:
    """The part of a stream that one question asks for, from `since` on.

    A list is cut off after 25,000 objects, so a new one is begun in time, at the last change seen. The
    overlap is for the search index, which knows a record's change some time after the record itself.
    """

    def __init__(self, since: State, overlap_seconds: int, restart_after: int) -> None:
        self._from = earlier(str(since.cursor["updated_at"]), overlap_seconds) if since else ""
        self._highest = str(since.cursor["updated_at"]) if since else ""
        self._after, self._count = restart_after, 0
        self._last, self._ties, self._known = self._from, set[str](), set[str]()

    @property
    def query(self) -> str | None:
        """The search text of the question."""
        return f"updated_at:>='{self._from}'" if self._from else None

    @property
    def state(self) -> State:
        """What is true once everything seen is stored; never earlier than where reading began."""
        return State({"updated_at": self._highest}) if self._highest else State()

    @property
    def full(self) -> bool:
        """Whether a new list should be begun; useless while all records carry the same time."""
        return self._count >= self._after and self._last > self._from

    def fresh(self, records: Sequence[Record]) -> list[Record]:
        """Take note of a page and return what an earlier list has not shown."""
        for record in records:
            at = str(record["updatedAt"])
            if at != self._last:
                self._last, self._ties = at, set()
            self._ties.add(str(record["id"]))
        self._count += len(records)
        self._highest = max(self._highest, self._last)
        return [record for record in records if record["id"] not in self._known]

    def restarted(self) -> "Window":
        """Return the window that goes on at the last change seen."""
        after = Window(State({"updated_at": self._last}), 0, self._after)
        after._highest, after._known = self._highest, self._ties
        return after


def earlier(at: str, seconds: int) -> str:
    """Return a time some seconds before, written as Shopify writes it.

    >>> earlier("2026-11-22T10:00:00Z", 300)
    '2026-11-22T09:55:00Z'
    """
    moment = datetime.fromisoformat(at).astimezone(UTC) - timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
