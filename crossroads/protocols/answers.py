"""What a system answered, and how its dialect explains a refusal."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from crossroads.errors import AuthError, ConfigError, CrossroadsError, shape

_PLAIN = re.compile(r"[A-Za-z][\w.:/\[\]-]{0,79}|[\w-]{1,6}/\d{1,4}|\d{1,6}")


@dataclass(frozen=True, slots=True)
class Answer:
    """One decoded answer: `body` is the JSON (None when empty), `content` the bytes it came in."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The body as a list of records; a single record counts as a list of one."""
        if self.body is None:
            return []
        found = self.body if isinstance(self.body, list) else [self.body]
        if not all(isinstance(one, dict) for one in found):
            raise ConfigError(f"{urlsplit(self.url).path or '/'}: expected records, and something else came.")
        return found


def reason(code: object = None, field: object = None, message: object = None) -> str:
    """Say why a system refused, without repeating what it quoted.

    A vendor's message often repeats the value it refuses ("ann@x.example has already been taken"), so of the
    text only its shape is kept. Codes and field names are the vendor's own vocabulary and stay, unless they
    do not look like a name.

    >>> reason("R1/286", "BusinessPartner", "Business partner 4711 already exists")
    'R1/286 at BusinessPartner (message: text of 36: letters, digits, blanks)'
    """
    said = [_plain(code) if code not in (None, "") else "no code"]
    if field not in (None, "", []):
        said.append(f"at {_plain(field)}")
    if message not in (None, ""):
        said.append(f"(message: {shape(message)})")
    return " ".join(said)


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ".".join(_plain(part) for part in value)
    text = str(value)
    return text if _PLAIN.fullmatch(text) else f"<{shape(text)}>"


class Dialect:
    """How one vendor words its failures; a connector overrides what its system does otherwise."""

    def failure(self, answer: Answer, where: str) -> CrossroadsError | None:
        """Return the error this answer means, if the vendor has its own way; None leaves it to the status.

        Asked for every answer, successful ones too: some systems refuse with status 200.
        """
        return None

    def forbidden(self, answer: Answer, where: str) -> CrossroadsError:
        """Return what a 403 means; by default our credentials lack the permission."""
        return AuthError(
            f"{where} answered 403: the credentials are known but may not do this. Check their permissions."
        )

    def reasons(self, answer: Answer) -> Sequence[str]:
        """Return why a record was refused, each built with `reason`; empty leaves the status alone."""
        return ()

    def wait(self, answer: Answer) -> float | None:
        """Return the seconds this system asks us to wait, where it says so elsewhere than in Retry-After."""
        return None

    def spent(self, answer: Answer) -> float | None:
        """Return for how many seconds a next call would be refused, where a success says that nothing is left."""
        return None


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds of a Retry-After header, given as a number or as an HTTP date.

    A date is of the other side's clock, which `Date` shows; without that, of ours.

    >>> retry_after({"Retry-After": "7"}), retry_after({})
    (7.0, None)
    >>> retry_after({"Retry-After": "Thu, 01 Jan 1970 00:01:00 GMT"}, now=0)
    60.0
    >>> ahead = {"Date": "Thu, 01 Jan 1970 01:00:00 GMT", "Retry-After": "Thu, 01 Jan 1970 01:01:00 GMT"}
    >>> retry_after(ahead, now=0)
    60.0
    """
    text = headers.get("Retry-After")
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    then = _instant(text)
    return None if then is None else max(0.0, then - their_time(headers, now))


def their_time(headers: Mapping[str, str], now: float | None = None) -> float:
    """Return what the other side's clock said when it answered, by `Date`; without that, what ours says.

    >>> their_time({"Date": "Thu, 01 Jan 1970 01:00:00 GMT"}, now=0), their_time({}, now=0)
    (3600.0, 0)
    """
    there = _instant(headers.get("Date", ""))
    if there is not None:
        return there
    return time.time() if now is None else now


def _instant(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
