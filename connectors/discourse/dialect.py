"""How Discourse words its failures."""

from collections.abc import Sequence
from typing import Any

from crossroads.errors import AuthError, CrossroadsError
from crossroads.protocols.answers import Answer, Dialect, reason
from crossroads.protocols.paging import place


class DiscourseDialect(Dialect):
    """Errors as `errors` and `error_type`; the wait of a 429 lies in the body."""

    def forbidden(self, answer: Answer, where: str) -> CrossroadsError:
        """Return what a 403 means: a wrong key or user is answered with 403 here, not with 401."""
        kind = place(answer.body, "error_type")
        return AuthError(
            f"{where} answered 403 ({reason(kind)}): the API key, its user or their rights are wrong."
        )

    def reasons(self, answer: Answer) -> Sequence[str]:
        """Return the kind of error and the shape of its texts."""
        kind, texts = place(answer.body, "error_type"), place(answer.body, "errors")
        return [reason(kind, None, text) for text in texts] if isinstance(texts, list) else []

    def wait(self, answer: Answer) -> float | None:
        """Return `extras.wait_seconds`."""
        seconds: Any = place(answer.body, "extras.wait_seconds")
        return float(seconds) if isinstance(seconds, int | float) else None
