"""What a customer's document says of who it is, normalised to be compared."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from crossroads.canonical import Document
from crossroads.identity import normal
from crossroads.identity.keys import kind_of
from crossroads.identity.person import Person

GROUPS = ("emails.", "phones.", "addresses.")
_ALONE = frozenset((
    "kind", "legal_name", "given_name", "family_name", "family_name2", "display_name", "birth_date", "tax_id",
))  # fmt: skip
_PLACE = ("street", "postal_code", "locality")
_NUMBER = r"\d+\s?[a-zA-Z]?(?:\s?[-/]\s?\d+)?"
_LAST, _FIRST = re.compile(rf"(.*\D)\s+({_NUMBER})"), re.compile(rf"({_NUMBER})\s+(\D.*)")
_AFTER = re.compile(rf"\s*({_NUMBER})\b.*")


def identifying(document: Document, identity: Sequence[str]) -> Document:
    """Return the part of a document that says who it is: all that `statements` looks at."""
    found = {path: value for path, value in document.items() if value and _identifies(path)}
    return found | {path: document[path] for path in identity if document.get(path)}


@lru_cache(maxsize=10_000)
def _identifies(path: str) -> bool:
    """Tell whether a path says who somebody is: asked of every field of every record."""
    group, _, field = path.rpartition(".")
    if group.startswith("addresses."):
        return field in _PLACE
    return path.startswith(GROUPS) or path in _ALONE


def statements(document: Document, identity: Sequence[str]) -> list[Person]:
    """Return what a document says, once for each postal address, the main one first.

    `identity` are the paths whose values identify, by its mapping; of several addresses of e-mail or telephones, one of those is
    compared, and the others as keys.
    """
    legal = normal.plain(document.get("legal_name") or "") if document.get("kind") == "organization" else None
    given, family, family2 = (None, None, None) if legal else _names(document)
    parts = _parts(document)
    email, phone = _first(parts["emails"], document, identity), _first(parts["phones"], document, identity)
    said = Person(
        given=given,
        family=family,
        family2=family2,
        birth_date=normal.day(document.get("birth_date") or ""),
        email=normal.email(email) if email else None,
        phone=normal.phone(phone, None) if phone else None,
        tax_id=normal.squeezed(document.get("tax_id") or ""),
        legal=legal or None,
        keys=tuple(sorted(set(_keys(document, identity)))),
    )
    places = parts["addresses"]
    return [_at(said, places[label]) for label in sorted(places, key=_rank)] or [said]


def _names(document: Document) -> tuple[str | None, str | None, str | None]:
    """Return given name and surnames; who says none is called by the first word of what they call themselves."""
    given = normal.given_name(document.get("given_name") or "")
    family, second = normal.surnames(document.get("family_name") or "")
    second = normal.surnames(document.get("family_name2") or "")[0] or second
    if given or family or not (shown := document.get("display_name")):
        return given, family, second
    return normal.given_name(shown), None, None


def _parts(document: Document) -> Mapping[str, dict[str, dict[str, str]]]:
    """Return what a document says below labels: group -> label -> field -> value."""
    found: dict[str, dict[str, dict[str, str]]] = {"emails": {}, "phones": {}, "addresses": {}}
    for path, value in document.items():
        if value and (place := _place(path)):
            group, label, field = place
            found[group].setdefault(label, {})[field] = value
    return found


@lru_cache(maxsize=10_000)
def _place(path: str) -> tuple[str, str, str] | None:
    """Return group, label and field of a path below a label: asked of every field of every record."""
    if not path.startswith(GROUPS) or not _identifies(path):
        return None
    group, label, field = path.split(".")
    return group, label, field


def _first(said: Mapping[str, Mapping[str, str]], document: Document, identity: Sequence[str]) -> str | None:
    """Return the address of e-mail or the telephone that is compared: what identifies before what does not, then the main one."""
    if not said:
        return None
    if len(said) > 1:
        for path in identity:
            _, label, *_ = (*path.split("."), "")
            if label in said and document.get(path) in said[label].values():
                return str(document[path])
    return next(iter(said[min(said, key=_rank)].values()))


def _rank(label: str) -> tuple[bool, str]:
    return label != "main", label


def _at(said: Person, place: Mapping[str, str]) -> Person:
    street, house = parted(place.get("street") or "")
    return said._replace(
        street=normal.street(street),
        house=normal.squeezed(house),
        postcode=normal.squeezed(place.get("postal_code") or ""),
        city=normal.plain(place.get("locality") or ""),
    )


def parted(line: str) -> tuple[str, str]:
    """Return street and house number of a line.

    >>> parted("Calle Mayor 12, 3 B"), parted("Calle Mayor, 12"), parted("12 High Street"), parted("Weg 7 b"), parted("Mill")
    (('Calle Mayor', '12'), ('Calle Mayor', '12'), ('High Street', '12'), ('Weg', '7 b'), ('Mill', ''))
    """
    street, _, rest = line.partition(",")
    if found := _LAST.fullmatch(street.strip()):
        return found[1], found[2]
    if found := _FIRST.fullmatch(street.strip()):
        return found[2], found[1]
    if found := _AFTER.fullmatch(rest):
        return street, found[1]
    return line, ""


def _keys(document: Document, identity: Sequence[str]) -> Iterator[str]:
    for path in identity:
        if value := document.get(path):
            kind = kind_of(path)
            match kind:
                case "email":
                    said = normal.email(value)
                case "phone":
                    said = normal.phone(value, None)
                case "tax_id":
                    said = normal.squeezed(value)
                case _:
                    said = value
            if said or not normal.stands_for_nothing(value):
                yield f"{kind}:{said or value}"
