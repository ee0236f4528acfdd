"""Record ids: 15 characters that tell upper from lower case, and the 18-character form that need not."""

import string

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK = string.ascii_uppercase + string.digits[:6]


def made(prefix: str, number: int) -> str:
    """Return the 18-character id of the record with this number."""
    tail = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        tail = _DIGITS[digit] + tail
    return long(f"{prefix}5g0000{tail.rjust(6, '0')}")


def long(short: str) -> str:
    """Return the 18-character form of a 15-character id.

    >>> long("001xx000003DGb1")
    '001xx000003DGb1AAG'
    """
    check = ""
    for start in (0, 5, 10):
        bits = sum(1 << at for at, character in enumerate(short[start : start + 5]) if character.isupper())
        check += _CHECK[bits]
    return short + check


def normal(text: object) -> str | None:
    """Return an id in its 18-character form, or None when it is no id."""
    if not isinstance(text, str) or len(text) not in (15, 18) or not text.isascii() or not text.isalnum():
        return None
    return long(text) if len(text) == 15 else text
