"""Remote paths: dotted names whose first step may be a place, and the labels of list items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crossroads.errors import MappingError
from crossroads.mapping.language import Place
from crossroads.records import Record


class Missing:
    """The type of `MISSING`: a key the record does not have, which is not the same as an empty one."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Target:
    """One remote path, resolved: the place it hangs in (None: the record itself) and the names from there."""

    place: str | None
    way: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with its parents known: `trail` are all names from the record down to its list or object."""

    name: str
    at: tuple[str, ...]
    within: str | None
    trail: tuple[str, ...]
    place: Place


def target(path: str, places: Mapping[str, Any]) -> Target:
    """Resolve a path of the mapping language.

    >>> target("address.Country", {"address": ...}), target("Name", {})
    (Target(place='address', way=('Country',)), Target(place=None, way=('Name',)))
    """
    head, *rest = path.split(".")
    if not all((head, *rest)):
        raise MappingError(f"{path!r} is not a path: names joined by single dots")
    return Target(head, tuple(rest)) if rest and head in places else Target(None, (head, *rest))


def spots(places: Mapping[str, Place]) -> dict[str, Spot]:
    """Return every place with its parents before it."""
    found: dict[str, Spot] = {}

    def add(name: str, seen: tuple[str, ...]) -> Spot:
        if name in found:
            return found[name]
        if name not in places:
            raise MappingError(f"places.{seen[-1]}.within: no place is called {name!r}: {', '.join(places)}")
        if name in seen:
            raise MappingError(f"places.{name}.within: a place cannot hang below itself")
        place = places[name]
        at = tuple(place.at.split("."))
        above = add(place.within, (*seen, name)).trail if place.within else ()
        found[name] = Spot(name, at, place.within, above + at, place)
        return found[name]

    for name in places:
        add(name, ())
    return found


def look(record: Any, way: tuple[str, ...]) -> Any:
    """Return what lies at the end of `way`: a value, None below something empty, MISSING without the key."""
    here = record
    for name in way:
        if here is None or here is MISSING:
            return here
        if not isinstance(here, dict):
            return MISSING
        here = here.get(name, MISSING)
    return here


def lay(record: Record, way: tuple[str, ...], value: Any) -> None:
    """Set the end of `way`, growing objects on the way."""
    *above, name = way
    for step in above:
        record = record.setdefault(step, {})
    record[name] = value


def found(spot: Spot, above: Any) -> Any:
    """Return the item or object of a place: None where it is known not to exist, MISSING where unknown."""
    here = look(above, spot.at)
    if not spot.place.list:
        return here if isinstance(here, dict) or here is None else MISSING
    if not isinstance(here, list):
        return None if here is None else MISSING
    for item in here:
        if isinstance(item, dict) and all(item.get(name) == value for name, value in spot.place.pick.items()):
            return item
    return MISSING if unsure(here, spot.place.pick) else None


def unsure(items: Sequence[Any], pick: Mapping[str, Any]) -> bool:
    """Tell whether one of some items, none of which says that it is the one, may be it: as long as it does not say no.

    A field that is not sent any more, or comes as another type, says nothing; null and another value say no.
    """
    return any(
        isinstance(item, dict)
        and all(_may_be(item.get(name, MISSING), value) for name, value in pick.items())
        for item in items
    )


def _may_be(said: Any, wanted: Any) -> bool:
    if said is MISSING or said == wanted:
        return True
    return said is not None and wanted is not None and _kind(said) is not _kind(wanted)


def _kind(value: Any) -> type:
    """Return what a value is in JSON, where all numbers are of one kind."""
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return float if number else type(value)


def label(key: str | None, seen: dict[str, int]) -> str:
    """Return the label of a list item: its key, dots and slashes escaped, `/2` for the second of a key.

    >>> seen = {}
    >>> [label(key, seen) for key in ("A-1", "B.2", "A-1")]
    ['A-1', 'B%2E2', 'A-1/2']
    """
    text = (key or "-").replace("%", "%25").replace(".", "%2E").replace("/", "%2F")
    count = seen[text] = seen.get(text, 0) + 1
    return text if count == 1 else f"{text}/{count}"
