"""How Salesforce words its failures, and how it says that the day's calls run out."""

import re
from collections.abc import Sequence
from typing import Any

from crossroads.errors import AuthError, ConfigError, CrossroadsError, HistoryLost, Unavailable
from crossroads.protocols.answers import Answer, Dialect, reason

# The daily limit counts over the last 24 hours, so something comes back every hour.
_AN_HOUR = 3600.0
_USED = re.compile(r"api-usage=(\d+)/(\d+)")
_COLUMN = re.compile(r"No such column '(\w{1,80})'")
_LATER = {"INVALID_QUERY_LOCATOR", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"}


class SalesforceDialect(Dialect):
    """Errors as a list of `errorCode` and `message`; a refused row comes inside a 200, unseen here."""

    def __init__(self, call_share: float) -> None:
        self._share = call_share

    def failure(self, answer: Answer, where: str) -> CrossroadsError | None:
        """Return what a refused request means; as rows are refused one by one, it is never about data."""
        codes = {str(code) for code, _, _ in _errors(answer.body)} if answer.status >= 400 else set()
        if "REQUEST_LIMIT_EXCEEDED" in codes:
            return Unavailable(f"{where}: the org's daily calls are used up.", retry_after=_AN_HOUR)
        if codes & _LATER:
            return Unavailable(f"{where}: {', '.join(sorted(codes))}: the org cannot do this now.")
        if "INVALID_REPLICATION_DATE" in codes:
            return HistoryLost(
                f"{where}: the org's log of deleted rows does not reach back to the last read."
            )
        if answer.status in (400, 404):
            why = "; ".join(self.reasons(answer)) or f"status {answer.status}"
            return ConfigError(
                f"{where}: the whole request was refused: {why}. Check that the object and every field "
                "of the stream exist and that this user may see them."
            )
        return None

    def forbidden(self, answer: Answer, where: str) -> CrossroadsError:
        """Return what a 403 means, with the vendor's code: permission, disabled API, or a blocked login."""
        codes = ", ".join(self.reasons(answer)) or "no code"
        return AuthError(f"{where} answered 403 ({codes}). Check the permissions of the app's user.")

    def reasons(self, answer: Answer) -> Sequence[str]:
        """Return codes and fields; of the texts only a missing column's name, which is no one's data."""
        return [said(*error) for error in _errors(answer.body)]

    def spent(self, answer: Answer) -> float | None:
        """Return an hour once the share of the day's calls is used that we may use up with the org's other programs."""
        told = _USED.search(answer.headers.get("Sforce-Limit-Info") or "")
        return _AN_HOUR if told and int(told[1]) >= int(told[2]) * self._share else None


def said(code: object, fields: object, message: object) -> str:
    """Say why something was refused, without the values that Salesforce repeats in its texts."""
    column = _COLUMN.search(str(message))
    return reason(code, fields or (column and column[1]), None if column else message)


def _errors(body: Any) -> list[tuple[Any, Any, Any]]:
    rows = body if isinstance(body, list) else []
    return [
        (row.get("errorCode"), row.get("fields"), row.get("message")) for row in rows if isinstance(row, dict)
    ]
