"""A system's call budget: one per system and credential, however many workers call it.

Three things can hold a call back: the limits we were told (tickets), a pause the system asked for, and the
breaker of a system that does not answer. A call held back was not sent.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text, update

from crossroads.errors import Unavailable
from crossroads.protocols import tickets
from crossroads.protocols.breaker import Breaker
from crossroads.protocols.counters import SYSTEMS, Counters

A_DAY = 86_400.0
"""The longest pause believed: a mistaken `Retry-After` must not silence a system for a year."""

_FRESH = text(
    "INSERT INTO call_system (name, title, last, paused_until, failures, failed_at, opened_at, opened, "
    "open_until, probe_until) VALUES (:name, :title, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING"
)
_BREAKER = tuple(one.name for one in fields(Breaker))


class Held(Unavailable):
    """A call that was not sent, because its system must not be called now; asking again at once is no use."""


class _Entry(NamedTuple):
    """Leave to call `wait` seconds after `seen`, with a ticket if there are limits; if `again`, to ask again then.

    `probe` is until when nobody else may try whether the system is back; 0 if this call does not try that.
    """

    wait: float
    seen: float
    again: bool = False
    probe: float = 0.0
    number: int = 0
    at: float = 0.0


class Budget:
    """What one system allows us: `take` before each call, `heard` after it, or `let_go` if it ended in nothing to be heard."""

    def __init__(
        self,
        limits: Mapping[str, int] | None = None,
        *,
        name: str = "",
        title: str = "The system",
        counters: Counters | None = None,
        longest_wait: float = 300.0,
        patience: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        since: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.title = name, title
        self._rates = tickets.rates(limits or {})
        self._counters = counters or Counters()
        self._longest, self._patience = longest_wait, patience
        self._sleep, self._since = sleep, since
        self._mine = threading.local()  # the ticket of this thread's call
        self._known = False
        self._doubted = False  # failures were on record when we last looked: a success must clear them

    def take(self, longest: float = A_DAY) -> None:
        """Return when a call may be made; raise `Held` if that is further away than `longest` or than we ever wait.

        All its waits are counted together: a pause may be renewed again and again while somebody waits for its end.
        """
        until = self._since() + min(longest, self._longest)
        entry = self._enter(until)
        while True:
            if entry.wait > 0:
                self._sleep(entry.wait)
            late = self._since() - entry.seen - entry.wait
            # A ticket is good for its moment only: used much later it would fall into another window.
            stale = bool(entry.number) and late > self._rates[0].slack / 2
            if entry.again or (stale and not entry.probe):
                entry = self._enter(until)
            elif entry.wait > 0 and not entry.probe:
                entry = self._leave(entry, until)
            else:
                break
        self._mine.number, self._mine.at, self._mine.left = entry.number, entry.at, self._since()
        self._mine.probe = entry.probe

    def heard(self, *, dead: bool, pause: float | None = None) -> None:
        """Note how a call ended: without a useful answer (`dead`), or with the wish that all of us wait."""
        number, took = getattr(self._mine, "number", 0), self._since() - getattr(self._mine, "left", 0.0)
        slow = bool(number) and took > self._rates[0].slack / 2
        if not (dead or pause or slow or self._doubted):
            return
        with self._counters.write() as db:
            row, now = self._row(db), self._counters.now(db)
            seen = _breaker(row)
            after = seen.failed(now) if dead else Breaker()
            until = max(row.paused_until, now + min(pause, A_DAY)) if pause else row.paused_until
            if after != seen or until != row.paused_until:
                self._store(db, {**asdict(after), "paused_until": until})
            if slow:  # the system may have counted it as late as it answered
                tickets.move(db, self.name, number, self._mine.at + min(took, self._rates[0].window))
            self._doubted = after != Breaker()

    def let_go(self) -> None:
        """Note that a call ended in an error nobody foresaw: it says nothing of the system, so somebody else may try it."""
        if probe := getattr(self._mine, "probe", 0.0):
            ours = (SYSTEMS.c.name == self.name, SYSTEMS.c.probe_until == probe)
            with self._counters.write() as db:
                db.execute(update(SYSTEMS).where(*ours).values(probe_until=0.0))

    def left_alone(self) -> bool:
        """Tell whether the system is left alone for now, because it did not answer us or another worker."""
        with self._counters.read() as db:
            seen = _breaker(self._row(db, lock=False))
            return not seen.closed and seen.wait(self._counters.now(db)) > 0

    def close(self) -> None:
        """Release what keeps the count."""
        self._counters.close()

    def _enter(self, until: float) -> _Entry:
        if not self._known:
            with self._counters.write() as db:
                db.execute(_FRESH, {"name": self.name, "title": self.title})
            self._known = True
        if not self._rates:
            with self._counters.read() as db:
                row = self._row(db, lock=False)
                if _breaker(row).closed:
                    return self._looked(row, self._counters.now(db) if row.paused_until else 0.0, until)
        with self._counters.write() as db:
            row = self._row(db)
            now = self._counters.now(db)
            entry = self._looked(row, now, until)
            if entry.again:
                return entry
            changed: dict[str, Any] = {}
            number, at = 0, now
            if self._rates:
                number = row.last + 1
                at = tickets.due(db, self.name, number, self._rates, now, self._longest)
                self._in_time(at - now, until)
                tickets.take(db, self.name, number, at, self._rates)
                changed["last"] = number
            seen, probe = _breaker(row), 0.0
            if not seen.closed:
                seen = seen.probing(at)
                probe = seen.probe_until
                changed |= asdict(seen)
            if changed:
                self._store(db, changed)
            return entry._replace(wait=at - now, probe=probe, number=number, at=at)

    def _looked(self, row: Any, now: float, until: float) -> _Entry:
        """Return how long the system is to be left alone; raise where waiting for it would only hold a worker."""
        seen = _breaker(row)
        self._doubted = seen != Breaker()
        if wait := seen.wait(now):
            raise Held(
                f"{self.title} has not answered since {_instant(seen.opened_at)} "
                f"({seen.failures} calls in a row failed). It is tried again at {_instant(now + wait)}.",
                retry_after=wait,
            )
        pause = max(0.0, row.paused_until - now)
        if pause > min(self._patience, self._remaining(until)):
            raise Held(
                f"{self.title} is not called before {_instant(row.paused_until)}: it asked for that, or what it "
                "allows us is used up.",
                retry_after=pause,
            )
        return _Entry(pause, self._since(), again=pause > 0)

    def _in_time(self, wait: float, until: float) -> None:
        """Raise where a call's turn comes later than anybody waits for it."""
        if wait > self._remaining(until):
            raise Held(f"{self.title}: the call budget is used up.", retry_after=wait)

    def _remaining(self, until: float) -> float:
        """Return how long somebody may wait yet; who need not wait may call however late it has become."""
        return max(0.0, until - self._since())

    def _leave(self, entry: _Entry, until: float) -> _Entry:
        """Look again after a sleep: calls before ours may have been slow, and the system may ask for a pause or be dead."""
        with self._counters.write() as db:
            row, now = self._row(db), self._counters.now(db)
            entry = entry._replace(wait=0.0, seen=self._since())
            if row.paused_until > now or not _breaker(row).closed:
                return entry._replace(again=True)
            at = tickets.due(db, self.name, entry.number, self._rates, now, self._longest)
            if at - now < 0.001:
                return entry
            self._in_time(at - now, until)
            tickets.move(db, self.name, entry.number, at)
            return entry._replace(wait=at - now, at=at)

    def _row(self, db: Connection, *, lock: bool = True) -> Any:
        query = select(SYSTEMS).where(SYSTEMS.c.name == self.name)
        return db.execute(query.with_for_update() if lock else query).one()

    def _store(self, db: Connection, values: Mapping[str, Any]) -> None:
        db.execute(update(SYSTEMS).where(SYSTEMS.c.name == self.name).values(**values))


class Standing(NamedTuple):
    """How one system stands with us, for people."""

    name: str
    title: str
    calls: int
    since: str | None
    until: str | None
    why: str


def standings(counters: Counters) -> list[Standing]:
    """Return every system that was ever called, by title; `until` is when it may be called again, if not now."""
    with counters.read() as db:
        now = counters.now(db)
        rows = db.execute(select(SYSTEMS).order_by(SYSTEMS.c.title, SYSTEMS.c.name)).all()
    return [_standing(row, now) for row in rows]


def forget(counters: Counters, name: str) -> None:
    """Close a system's breaker, end its pause, and keep what was counted: its limits still hold."""
    with counters.write() as db:
        fresh = {**asdict(Breaker()), "paused_until": 0.0}
        db.execute(update(SYSTEMS).where(SYSTEMS.c.name == name).values(**fresh))


def _standing(row: Any, now: float) -> Standing:
    seen = _breaker(row)
    known = (row.name, row.title, row.last)
    if not seen.closed:
        return Standing(
            *known, _instant(seen.opened_at), _instant(max(seen.open_until, now)), "does not answer"
        )
    if row.paused_until > now:
        return Standing(*known, None, _instant(row.paused_until), "asked us to wait, or nothing is left")
    return Standing(*known, None, None, "is called")


def _breaker(row: Any) -> Breaker:
    return Breaker(**{name: getattr(row, name) for name in _BREAKER})


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
