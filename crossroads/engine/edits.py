"""Edit a record as its system says it, try what the mapping makes of it, and say what was changed without saying a value."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import orjson

from crossroads.canonical import Document
from crossroads.errors import ConfigError, RecordRejected, shape
from crossroads.mapping import Lens, Notice
from crossroads.records import Record


@dataclass(frozen=True, slots=True)
class Tried:
    """What the mapping makes of a record: every reason against it, or its document and the fields left out of it."""

    reasons: Sequence[str]
    document: Document | None = field(default=None, repr=False)
    notices: Sequence[str] = ()


def tried(lens: Lens, key: str, record: Record) -> Tried:
    """Try a record that has to keep its key."""
    try:
        found = lens.key(record)
    except RecordRejected as error:
        return Tried(error.reasons)
    if found != key:
        return Tried(["the key was edited: it tells which record this is, and has to stay as it is"])
    notices: list[Notice] = []
    (said,) = lens.read([record], notices)
    if isinstance(said, RecordRejected):
        return Tried(said.reasons)
    return Tried([], said, [notice.reason for notice in notices])


def edited(record: Record, sets: Mapping[str, str]) -> Record:
    """Return a record with values set at dotted paths, `items.0.sku` for one in a list.

    A value is text where text or nothing stands, and JSON where something else stands.
    """
    result = deepcopy(record)
    for path, text in sets.items():
        *trail, last = path.split(".")
        place: Any = result
        for name in trail:
            place = _into(place, name, path)
        former = _into(place, last, path, new=True)
        try:
            value = text if former is None or isinstance(former, str) else orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ConfigError(
                f"{path}: there stands {shape(former)}, and the new value is no JSON; give one, or the whole record by --file."
            ) from None
        place[int(last) if isinstance(place, list) else last] = value
    return result


def _into(place: Any, name: str, path: str, *, new: bool = False) -> Any:
    if isinstance(place, list) and name.isdecimal() and int(name) < len(place):
        return place[int(name)]
    if isinstance(place, dict) and (new or name in place):
        return place.get(name)
    raise ConfigError(f"{path}: the record has no such place; `crossroads repair show` shows what it has.")


def difference(before: Record, after: Record) -> dict[str, list[str]]:
    """Return path -> shape before and after, of every value that is not the same.

    >>> difference({"name": "Lee", "age": 3}, {"name": "Li", "age": 3})
    {'name': ['text of 3: letters', 'text of 2: letters']}
    """
    old, new = dict(leaves(before)), dict(leaves(after))
    paths = [
        path for path in {**old, **new} if old.get(path) != new.get(path) or (path in old) != (path in new)
    ]
    return {path: [shape(old.get(path)), shape(new.get(path))] for path in paths}


def leaves(value: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every single value of a record with its dotted path."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner:
        yield way, value
    for name, one in inner:
        yield from leaves(one, f"{way}.{name}" if way else str(name))
