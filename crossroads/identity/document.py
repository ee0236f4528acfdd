"""What a customer's document says of who it is: one statement for each of its addresses, normalised to be compared."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from crossroads.canonical import Document
from crossroads.identity import normal
from crossroads.identity.keys import kind_of
from crossroads.identity.names import folded
from crossroads.identity.person import Person

_NUMBER = r"\d+\s?[a-zA-Z]?(?:\s?[-/]\s?\d+)?"
_LAST, _FIRST = re.compile(rf"(.*\D)\s+({_NUMBER})"), re.compile(rf"({_NUMBER})\s+(\D.*)")
_AFTER = re.compile(rf"\s*({_NUMBER})\b.*")


def statements(document: Document, identity: Sequence[str]) -> list[Person]:
    """Return what a document says, the main addresses first; `identity` are the paths whose values identify, by its mapping."""
    legal = folded(document.get("legal_name") or "") if document.get("kind") == "organization" else None
    given, family, family2 = (None, None, None) if legal else _names(document)
    named = Person(
        given=given,
        family=family,
        family2=family2,
        birth_date=normal.day(document.get("birth_date") or ""),
        legal=legal or None,
        keys=tuple(sorted(set(_keys(document, identity)))),
    )
    emails = filter(None, (normal.email(text) for text in _all(document, "emails", "address")))
    phones = filter(None, (normal.phone(text, None) for text in _all(document, "phones", "number")))
    every = zip_longest(emails, phones, _places(document))
    found = [_with(named, *one) for one in every]
    return found or [named]


def _names(document: Document) -> tuple[str | None, str | None, str | None]:
    """Return given name and surnames; who says none is called by the first word of what they call themselves."""
    given = normal.given_name(document.get("given_name") or "")
    family, second = normal.surnames(document.get("family_name") or "")
    second = normal.surnames(document.get("family_name2") or "")[0] or second
    if given or family or not (shown := document.get("display_name")):
        return given, family, second
    return normal.given_name(shown), None, None


def _with(named: Person, email: str | None, phone: str | None, place: Document | None) -> Person:
    if place is None:
        return named._replace(email=email, phone=phone)
    street, house = parted(place.get("street") or "")
    return named._replace(
        email=email,
        phone=phone,
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


def _all(document: Document, group: str, field: str) -> Iterator[str]:
    """Yield the values of a group's fields, that of `main` first, then by label."""
    for label in _labels(document, group):
        if value := document.get(f"{group}.{label}.{field}"):
            yield value


def _places(document: Document) -> Iterator[Document]:
    for label in _labels(document, "addresses"):
        before = f"addresses.{label}."
        yield {
            path.removeprefix(before): value
            for path, value in document.items()
            if path.startswith(before) and value
        }


def _labels(document: Document, group: str) -> Sequence[str]:
    labels = {path.split(".")[1] for path in document if path.startswith(f"{group}.")}
    return sorted(labels, key=lambda label: (label != "main", label))


def _keys(document: Document, identity: Sequence[str]) -> Iterator[str]:
    for path in identity:
        if value := document.get(path):
            kind = kind_of(path)
            match kind:
                case "email":
                    value = normal.email(value) or value
                case "phone":
                    value = normal.phone(value, None) or value
            yield f"{kind}:{value}"
