"""How OData says dates and times: V2 as /Date(ms)/ and PT11H22M33S, V4 as ISO text; either is read."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import field_validator

from crossroads.errors import shape
from crossroads.mapping.codecs import Codec, SetAside, Value, text_of
from crossroads.mapping.codecs_time import NOTHING, instant

TICKS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{1,4})?\)/")
DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=16_384)
def moment(text: str) -> datetime | None:
    """Return what a date or date with time says, in UTC; None for the initial value.

    The offset in /Date(ms+0060)/ is only for display: the milliseconds are UTC already.

    >>> moment("/Date(1795343400000)/").isoformat(), moment("/Date(-86400000)/").isoformat()[:10]
    ('2026-11-22T10:30:00+00:00', '1969-12-31')
    """
    if text.startswith(NOTHING):
        return None
    ticks = TICKS.fullmatch(text)
    try:
        if ticks:
            return EPOCH + timedelta(milliseconds=int(ticks[1]))
        said = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise SetAside(f"is not a date ({shape(text)})") from None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)


def ticks(said: datetime) -> str:
    """Return the V2 form of a moment."""
    return f"/Date({(said - EPOCH) // timedelta(milliseconds=1)})/"


class SapDate(Codec, name="sap_date"):
    """A calendar day of OData, which has no offset and is never shifted; `instant` gives midnight UTC here.

    >>> SapDate().read("/Date(1795305600000)/"), SapDate().write("2026-11-22")
    ('2026-11-22', ('/Date(1795305600000)/',))
    """

    form: Literal["v2", "v4", "plain"] = "v2"
    instant: bool = False

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        said = moment(text) if text else None
        if said is None:
            return None
        day = said.date().isoformat()
        return f"{day}T00:00:00Z" if self.instant else day

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        day = date.fromisoformat(value[:10])
        if self.form == "v2":
            return (ticks(datetime(day.year, day.month, day.day, tzinfo=UTC)),)
        return (day.isoformat() if self.form == "v4" else day.strftime("%Y%m%d"),)

    def examples(self) -> Sequence[Value]:
        days = ("2026-11-22", "1969-02-28", "9999-12-31")
        return tuple(f"{day}T00:00:00Z" for day in days) if self.instant else days


class SapInstant(Codec, name="sap_instant"):
    """A moment of OData (Edm.DateTimeOffset).

    >>> SapInstant().read("/Date(1795343400000+0000)/"), SapInstant().write("2026-11-22T10:30:00Z")
    ('2026-11-22T10:30:00Z', ('/Date(1795343400000)/',))
    """

    form: Literal["v2", "v4"] = "v2"

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        said = moment(text) if text else None
        return instant(said) if said else None

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (value if self.form == "v4" else ticks(datetime.fromisoformat(value)),)

    def examples(self) -> Sequence[Value]:
        return ("2026-11-22T10:30:00Z",)


class SapTimestamp(Codec, name="sap_timestamp"):
    """A moment kept as a date column and a time column in the system's own `zone`; reading only.

    >>> SapTimestamp(zone="Europe/Berlin").read("/Date(1795305600000)/", "PT11H30M00S")
    '2026-11-22T10:30:00Z'
    """

    zone: str = "UTC"
    at_most = 2
    writes = False

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not a time zone like Europe/Berlin") from None
        return zone

    def read(self, *remote: Any) -> Value:
        return self.reader()(*remote)

    def reader(self) -> Callable[..., Value]:
        zone = None if self.zone == "UTC" else ZoneInfo(self.zone)

        def read(day: Any, time: Any = None) -> Value:
            text = text_of(day)
            said = moment(text) if text else None
            if said is None:
                return None
            clock = text_of(time)
            if clock:
                said = said.replace(hour=0, minute=0, second=0) + duration(clock)
            return instant(said.replace(tzinfo=zone) if zone else said)

        return read

    def examples(self) -> Sequence[Value]:
        return ("2026-11-22T10:30:00Z",)


@lru_cache(maxsize=4096)
def duration(text: str) -> timedelta:
    """Return a time of day, said as PT11H22M33S, 11:22:33 or 112233.

    >>> str(duration("PT11H22M33S")), str(duration("112233"))
    ('11:22:33', '11:22:33')
    """
    said = DURATION.fullmatch(text)
    parts = said.groups() if said else re.findall(r"\d\d", text)
    if not said and (len(parts) != 3 or not re.fullmatch(r"\d\d:?\d\d:?\d\d", text)):
        raise SetAside(f"is not a time ({shape(text)})")
    hours, minutes, seconds = (int(part or 0) for part in parts)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
