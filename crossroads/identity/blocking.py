"""Which records are compared at all: those that share a key, as long as not too many share it.

A key is two or three values of a record, or one that few people share. Those made of little, a birthday alone, are loose: in a
large population so many carry each that they bring little but work, and whom they bring together must share another key.
"""

from collections.abc import Iterator, Mapping

from xxhash import xxh3_64_intdigest

from crossroads.identity.person import Person

LIMIT = 30
"""A key that more records carry than this says nothing of who they are; their pairs must share another one."""

FREE, EASE = 1_000_000, 2
"""Pairs that loose keys may bring by themselves, to any population and for each of its records."""

SHORTEST_USER = 5
"""Fewer letters before the @, and it is `info`."""

LETTER = {"email": "e", "phone": "p", "key": "k"}

LOOSE = 1
"""The bit of a key that says that it is loose."""


def hashed(person: Person) -> list[int]:
    """Return the keys of a record as numbers of 64 bits, as indexes hold them."""
    found = {xxh3_64_intdigest(key.encode()) & ~LOOSE for key in _tight(person)}
    found |= {xxh3_64_intdigest(key.encode()) | LOOSE for key in _loose(person)}
    return sorted(found)


def owned(person: Person) -> dict[str, set[int]]:
    """Return those keys that are made of one value which has one owner, by field: if many carry it, it has none."""
    return {
        field: {xxh3_64_intdigest(f"{LETTER[field]}|{value}".encode()) & ~LOOSE for value in values}
        for field, values in person.owned().items()
        if values
    }


def limit_of(pairs: Mapping[int, int], records: int) -> int:
    """Return how many may carry a loose key that brings pairs by itself, of how many pairs loose keys bring by their carriers.

    >>> limit_of({2: 500_000, 3: 300_000, 20: 1_000_000}, records=10_000), limit_of({2: 50, 3: 30}, records=10)
    (19, 30)
    """
    borne = 0
    for carriers in sorted(pairs):
        borne += pairs[carriers]
        if borne > FREE + EASE * records:
            return carriers - 1
    return LIMIT


def says_enough(key: int, carriers: int, loose: int) -> bool:
    """Tell whether a key brings pairs by itself, or only together with another; `loose` as `limit_of` found it."""
    return not key & LOOSE or carriers <= loose


def _tight(person: Person) -> Iterator[str]:
    given, family, born, code = person.given, person.family, person.birth_date, person.postcode
    user = person.mailbox
    for field, values in person.owned().items():
        for value in values:
            yield f"{LETTER[field]}|{value}"
    if person.legal:
        yield f"o|{person.legal}"
    if user and len(user) >= SHORTEST_USER:
        yield f"u|{user}"
    if person.tax_id:
        yield f"t|{person.tax_id}"
    if given and family:
        yield f"n|{min(given, family)}|{max(given, family)}"
    for letter, name in (("f", family), ("g", given)):
        if name and born:
            yield f"{letter}b|{name}|{born}"
        if name and code:
            yield f"{letter}c|{name}|{code}"
    if person.street and code:
        yield f"sc|{person.street}|{code}"


def _loose(person: Person) -> Iterator[str]:
    given, family, born, code = person.given, person.family, person.birth_date, person.postcode
    place, where = ("o", code[:3]) if code else ("t", person.city)
    if born:
        yield f"b|{born}"
    if given and family:
        beginnings = sorted((given[:3], family[:3]))
        yield f"n3|{beginnings[0]}|{beginnings[1]}"
        if born:
            yield f"ny|{given[:2]}|{family[:2]}|{born[:4]}"
    for letter, name in (("f", family), ("g", given)):
        if name and where:
            yield f"{letter}{place}|{name}|{where}"
    if person.door:
        yield f"d|{person.door}"
    if person.house and code:
        yield f"hc|{person.house}|{code}"
    for nth, value in enumerate(person.others):
        if value and born:
            yield f"{nth}b|{value}|{born}"
