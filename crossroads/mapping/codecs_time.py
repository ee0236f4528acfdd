"""Dates and instants: RFC 3339 text in UTC here, in whole seconds, so that text sorts as time does."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from crossroads.errors import shape
from crossroads.mapping.codecs import Codec, SetAside, Value, text_of

NOTHING = ("0000-00-00", "00000000", "0001-01-01")
"""What databases and ABAP keep where there is no date."""


def instant(moment: datetime) -> str:
    """Return a moment as the document keeps it; without a zone it is taken for UTC.

    >>> instant(datetime.fromisoformat("2026-11-22T11:00:00.9+01:00"))
    '2026-11-22T10:00:00Z'
    """
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return utc.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


class Day(Codec, name="date"):
    """A calendar day, never shifted by a time zone; with `instant` it is midnight UTC of that day here.

    >>> day = Day(instant=True)
    >>> Day().read("2026-11-22"), day.read("20261122"), day.write("2026-11-22T09:00:00Z")
    ('2026-11-22', '2026-11-22T00:00:00Z', ('2026-11-22',))
    """

    instant: bool = False

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is None or text.startswith(NOTHING):
            return None
        try:
            day = date.fromisoformat(text.partition("T")[0])
        except ValueError:
            raise SetAside(f"is not a date ({shape(text)})") from None
        return f"{day.isoformat()}T00:00:00Z" if self.instant else day.isoformat()

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (value[:10],)

    def examples(self) -> Sequence[Value]:
        days = ("2026-11-22", "1969-02-28", "2024-02-29")
        return tuple(f"{day}T00:00:00Z" for day in days) if self.instant else days


class Instant(Codec, name="instant"):
    """A moment in any offset; parts of a second are dropped, a moment without offset is taken for UTC.

    >>> Instant().read("2026-11-22T11:00:00.123+0100"), Instant(form="offset").write("2026-11-22T10:00:00Z")
    ('2026-11-22T10:00:00Z', ('2026-11-22T10:00:00+00:00',))
    """

    form: Literal["z", "offset"] = "z"

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is None or text.startswith(NOTHING):
            return None
        try:
            return instant(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise SetAside(f"is not a date with time ({shape(text)})") from None

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (value if self.form == "z" else f"{value.removesuffix('Z')}+00:00",)

    def examples(self) -> Sequence[Value]:
        return ("2026-11-22T10:00:00Z", "1999-12-31T23:59:59Z")
