"""Keys of objects: which are names of fields and which are data, and how a name stands in a path."""

import re

# Names that a programmer gives. OData annotates with "@odata.etag" and "Name@odata.type"; many digits are somebody's number.
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$:.-]{0,63}")
_ANNOTATION = re.compile(r"[A-Za-z0-9_]*@(odata|sap|microsoft)\.[A-Za-z.]+")
_DATA = re.compile(r"\d{5}|^[0-9a-f-]{16,}$|\d{4}-\d{2}", re.IGNORECASE)


def like_data(key: str) -> bool:
    """Tell whether a key looks like a value: an address, a number, an id, a date, words of a person.

    >>> [like_data(key) for key in ("to_Address", "@odata.etag", "user_field_1", "vat-id")]
    [False, False, False, False]
    >>> [like_data(key) for key in ("ann@lee.example", "4711", "Ann Lee", "2026-01-01", "c_491701234567")]
    [True, True, True, True, True]
    """
    if "@" in key:
        return not _ANNOTATION.fullmatch(key)
    return not _NAME.fullmatch(key) or bool(_DATA.search(key))


def escaped(key: str) -> str:
    """Return a key as one step of a path.

    >>> escaped("@odata.etag")
    '@odata%2Eetag'
    """
    return key.replace("%", "%25").replace(".", "%2E").replace("[", "%5B")


def plain(step: str) -> str:
    """Return the key of one step of a path.

    >>> plain("@odata%2Eetag")
    '@odata.etag'
    """
    return step.replace("%5B", "[").replace("%2E", ".").replace("%25", "%")
