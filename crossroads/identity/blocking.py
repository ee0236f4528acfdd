"""Which records are compared at all: those that share a key, as long as not too many share it.

A key is two or three values of a record, or one that few people share. Those made of little, a birthday alone, are loose: in a
large population so many carry each that they bring little but work, and whom they bring together must share another key.
"""

from collections.abc import Mapping

from xxhash import xxh3_64_intdigest

from crossroads.identity.person import Person

LIMIT = 30
"""A key that more records carry than this says nothing of who they are; their pairs must share another one."""

FREE, EASE = 1_000_000, 2
"""Pairs that loose keys may bring by themselves, to any population and for each of its records."""

SHORTEST_USER = 5
"""Fewer letters before the @, and it is `info`."""

LOOSE = 1
"""The bit of a key that says that it is loose."""


def hashed(person: Person) -> list[int]:
    """Return the keys of a record as numbers of 64 bits, as indexes hold them."""
    found = {xxh3_64_intdigest(key.encode()) & ~LOOSE for key in _tight(person)}
    found |= {xxh3_64_intdigest(key.encode()) | LOOSE for key in _loose(person)}
    return sorted(found)


def owned(person: Person) -> dict[str, int]:
    """Return those keys that are made of one value which has one owner, by field: if many carry it, it has none."""
    values = {"email": ("e", person.email), "phone": ("p", person.number)}
    return {
        field: xxh3_64_intdigest(f"{letter}|{value}".encode()) & ~LOOSE
        for field, (letter, value) in values.items()
        if value
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


def _tight(person: Person) -> list[str]:
    given, family, born, code = person.given, person.family, person.birth_date, person.postcode
    user, names = (
        person.mailbox,
        sorted((person.given, person.family)) if person.given and person.family else [None],
    )
    return _keys(
        ("e", (person.email,)),
        ("u", (user if user and len(user) >= SHORTEST_USER else None,)),
        ("p", (person.number,)),
        ("t", (person.tax_id,)),
        ("n", (*names,)),
        ("fb", (family, born)),
        ("gb", (given, born)),
        ("gc", (given, code)),
        ("fc", (family, code)),
        ("sc", (person.street, code)),
    )


def _loose(person: Person) -> list[str]:
    given, family, born, code = person.given, person.family, person.birth_date, person.postcode
    area, town = (code[:3], None) if code else (None, person.city)
    beginnings = sorted((given[:3], family[:3])) if given and family else [None]
    return _keys(
        ("b", (born,)),
        ("n3", (*beginnings,)),
        ("ny", (given[:2], family[:2], born[:4]) if given and family and born else (None,)),
        ("go", (given, area)),
        ("fo", (family, area)),
        ("gt", (given, town)),
        ("ft", (family, town)),
        ("d", (person.door,)),
        ("hc", (person.house, code)),
        *((f"{place}b", (value, born)) for place, value in enumerate(person.others)),
    )


def _keys(*kinds: tuple[str, tuple[str | None, ...]]) -> list[str]:
    return ["|".join((kind, *filter(None, values))) for kind, values in kinds if all(values)]
