"""Time as the store keeps it, and ids that sort by it."""

from collections.abc import Callable
from datetime import UTC, datetime

from uuid_utils import uuid7

Clock = Callable[[], str]
"""Returns the instant now as text; passed in, so that tests can hold it still."""


def now() -> str:
    """Return the instant now in UTC with six decimals.

    >>> len(now())
    27
    """
    return f"{datetime.now(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def later(instant: str, seconds: float) -> str:
    """Return the instant so many seconds later.

    >>> later("2026-11-22T10:00:00.000000Z", 90)
    '2026-11-22T10:01:30.000000Z'
    """
    moved = datetime.fromisoformat(instant).timestamp() + seconds
    return f"{datetime.fromtimestamp(moved, UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def widened(instant: str) -> str:
    """Return an RFC 3339 instant in UTC at full width, so that text order is time order.

    >>> widened("2026-11-22T10:00:00Z")
    '2026-11-22T10:00:00.000000Z'
    """
    if len(instant) == 20:
        return f"{instant[:-1]}.000000Z"
    return f"{instant[:-1]:0<26}Z" if instant.endswith("Z") else instant


def newid() -> str:
    """Return a new UUIDv7 as text."""
    return str(uuid7())
