"""How Mastodon words its refusals and its limits."""

from collections.abc import Sequence
from datetime import datetime

from crossroads.protocols.answers import Answer, Dialect, reason, their_time
from crossroads.protocols.paging import place


class MastodonDialect(Dialect):
    """Mastodon says in `X-RateLimit-Reset` when calls are allowed again, and in `error` what was wrong."""

    def wait(self, answer: Answer) -> float | None:
        """Return the seconds until the limit is lifted, by the instance's own clock; None if the answer does not say."""
        return until(answer.headers.get("X-RateLimit-Reset"), their_time(answer.headers))

    def spent(self, answer: Answer) -> float | None:
        """Return the seconds until the limit is lifted, if this was the last call before."""
        return self.wait(answer) if answer.headers.get("X-RateLimit-Remaining") == "0" else None

    def reasons(self, answer: Answer) -> Sequence[str]:
        """Return the code of every field where the answer names fields, else the shape of its text."""
        details, error = place(answer.body, "details"), place(answer.body, "error")
        fields = details.items() if isinstance(details, dict) else ()
        told = [
            reason(place(one, "error"), field)
            for field, errors in fields
            for one in (errors if isinstance(errors, list) else [errors])
        ]
        return told or ([reason(answer.status, None, error)] if error else [])


def until(text: str | None, now: float) -> float | None:
    """Return the seconds until a time given as ISO 8601, as instances do, or in seconds since 1970.

    >>> until("1970-01-01T00:05:00.000Z", 60), until("300", 60), until(None, 0), until("soon", 0)
    (240.0, 240.0, None, None)
    """
    if not text:
        return None
    try:
        then = float(text) if text.isdigit() else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, then - now)
