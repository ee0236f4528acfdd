"""Tickets: each call takes a number and learns when it may leave, so that nobody asks again and again.

A window of `limit` calls is kept if call n leaves a window after call n - limit: one look at a few rows, however
large the limit is. Who took a ticket and died has used up one call; nobody waits for it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from crossroads.protocols.counters import TICKETS

SECONDS = {"per_second": 1, "per_minute": 60, "per_5_minutes": 300, "per_hour": 3_600, "per_day": 86_400}
"""The words of a manifest's `limits`."""

_SWEPT = 64  # sweeping at each ticket would make a ticket a third dearer


class Rate(NamedTuple):
    """So many calls in so many seconds; `slack` is how late a call may reach the system after it may leave."""

    limit: int
    window: float
    slack: float


def rates(limits: Mapping[str, int]) -> tuple[Rate, ...]:
    """Return the rates of a manifest's `limits`.

    Each window is kept a little longer than the system's: a call that left at the end of one may overtake, on its
    way, one that left at the beginning of it.

    >>> rates({"per_second": 10})
    (Rate(limit=10, window=1.1, slack=0.1),)
    """
    found = []
    for word, limit in limits.items():
        slack = min(1.0, max(0.1, SECONDS[word] / 20))
        found.append(Rate(limit, SECONDS[word] + slack, slack))
    return tuple(sorted(found, key=lambda rate: rate.window))


def due(db: Connection, name: str, number: int, told: Sequence[Rate], now: float, longest: float) -> float:
    """Return when the call with this number may leave, by the calls before it."""
    at = now
    for rate in told:
        last = number - rate.limit
        # Not that one alone: a call before it that was slow on its way may have been counted after it.
        query = select(func.max(TICKETS.c.at)).where(
            TICKETS.c.name == name,
            TICKETS.c.number.between(last - _SWEPT, last),
            TICKETS.c.at
            <= now + longest,  # nobody takes a later one: it was written before the clock was set back
        )
        left = db.execute(query).scalar()
        if left is not None:
            at = max(at, left + rate.window)
    return at


def move(db: Connection, name: str, number: int, at: float) -> None:
    """Let a ticket count from a later instant: its call left, or reached the system, later than it might have."""
    mine = (TICKETS.c.name == name, TICKETS.c.number == number, TICKETS.c.at < at)
    db.execute(update(TICKETS).where(*mine).values(at=at))


def take(db: Connection, name: str, number: int, at: float, told: Sequence[Rate]) -> None:
    """Write a ticket down, and now and then forget those that no later one will look at."""
    db.execute(insert(TICKETS).values(name=name, number=number, at=at))
    if number % _SWEPT == 0:
        oldest = number - max(rate.limit for rate in told) - _SWEPT
        db.execute(delete(TICKETS).where(TICKETS.c.name == name, TICKETS.c.number <= oldest))
