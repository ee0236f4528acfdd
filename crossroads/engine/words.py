"""What others tell us for people (reasons, errors), as the store keeps it: their words may hold what no database does."""

from collections.abc import Iterable

import orjson

from crossroads.engine.raw import storable


def kept(text: str) -> str:
    r"""Return a text with a mark for each character that no database keeps.

    >>> kept("so\0 it is"), kept("cut in two: \ud83d")
    ('so� it is', 'cut in two: �')
    """
    if storable(text):
        return text
    units = text.replace("\0", "�").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace")


def listed(reasons: Iterable[object]) -> str:
    """Return reasons as the store keeps them."""
    return orjson.dumps([kept(str(reason)) for reason in reasons]).decode()
