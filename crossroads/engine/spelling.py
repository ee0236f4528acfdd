"""Whether a value that a system shows is only its own spelling of what we wrote there.

Asked once for each write whose answer did not show the record: afterwards it is known how the system says it, and anything else
is an edit. What no system does to a value by itself (other words, another sign, other digits) is never only spelling.
"""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import combining, normalize

from crossroads.identity.names import folded

TRUNCATED = 10  # no system keeps less of a text; shorter, "Anna" for "Annabel" is a name of its own


def alike(shown: Any, wrote: Any) -> bool:
    """Tell whether a value is another spelling of what we wrote: capitals, accents, blanks, cut off, rounded, to the minute.

    >>> alike("MUELLER ", "Müller"), alike("Meier", "Müller"), alike("Anna", "Annabel")
    (True, False, False)
    >>> alike("Muller", "Müller")
    True
    >>> alike("Wolfeschlegelstein", "Wolfeschlegelsteinhausen"), alike("12.35", "12.3456"), alike("-5", "5")
    (True, True, False)
    >>> alike("2026-11-22T10:00:00Z", "2026-11-22T10:00:17Z"), alike("a-b@x.example", "a.b@x.example")
    (True, False)
    """
    if not (isinstance(shown, str) and isinstance(wrote, str)):
        return bool(shown == wrote)
    if shown == wrote:
        return True
    if (numbers := (_number(shown), _number(wrote)))[1] is not None:
        return numbers[0] is not None and _rounded(numbers[0], numbers[1])
    if (moments := (_moment(shown), _moment(wrote)))[1] is not None:
        return moments[0] is not None and _to_the_minute(moments[0], moments[1])
    if "@" in wrote:
        return shown.strip().casefold() == wrote.strip().casefold()
    return any(
        short == whole or (len(short) >= TRUNCATED and whole.startswith(short))
        for short, whole in (
            (folded(shown), folded(wrote)),
            (folded(_plain(shown)), folded(_plain(wrote))),
        )
    )


def _plain(text: str) -> str:
    """Return a text as a system keeps it that drops accents: without them, an umlaut as the letter below it."""
    return "".join(c for c in normalize("NFKD", text) if not combining(c))


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _rounded(shown: Decimal, wrote: Decimal) -> bool:
    kept, said = (-int(number.as_tuple().exponent) for number in (shown, wrote))
    return shown == wrote or (kept < said and abs(shown - wrote) < Decimal(1).scaleb(-max(kept, 0)))


def _moment(text: str) -> datetime | None:
    if "T" not in text:
        return None
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _to_the_minute(shown: datetime, wrote: datetime) -> bool:
    if (shown.tzinfo is None) != (wrote.tzinfo is None):
        return False
    exact = 60 if shown.second == shown.microsecond == 0 else 0 if shown.microsecond else 1
    return abs((shown - wrote).total_seconds()) < exact or shown == wrote
