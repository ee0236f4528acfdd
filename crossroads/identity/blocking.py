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

NEAR = 44
"""The bits that tell apart keys of one day, one postcode or one beginning of names; those above say of which they are.

So a record's dozen keys stand on fewer pages of an index, each of which is read and written for one record.
"""

Key = tuple[str, str]
"""A value that a key is made of, and stands near others of, and all that it is made of."""


def hashed(person: Person) -> list[int]:
    """Return the keys of a record as numbers of 64 bits, as indexes hold them."""
    found = {_number(key) & ~LOOSE for key in _tight(person)}
    found |= {_number(key) | LOOSE for key in _loose(person)}
    return sorted(found)


def owned(person: Person) -> dict[str, set[int]]:
    """Return those keys that are made of one value which has one owner, by field: if many carry it, it has none."""
    return {
        field: {_number(_own(field, value)) & ~LOOSE for value in values}
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


def _number(key: Key) -> int:
    near, whole = (xxh3_64_intdigest(part.encode()) for part in key)
    return near >> NEAR << NEAR | whole & (1 << NEAR) - 1


def _own(field: str, value: str) -> Key:
    return value.partition("@")[0], f"{LETTER[field]}|{value}"


def _names(given: str, family: str) -> str:
    return "|".join(sorted((given[:3], family[:3])))


def _tight(person: Person) -> Iterator[Key]:
    given, family, born, code = person.given, person.family, person.birth_date, person.postcode
    user = person.mailbox
    for field, values in person.owned().items():
        for value in values:
            yield _own(field, value)
    if person.legal:
        yield person.legal, f"o|{person.legal}"
    if user and len(user) >= SHORTEST_USER:
        yield user, f"u|{user}"
    if person.tax_id:
        yield person.tax_id, f"t|{person.tax_id}"
    if given and family:
        yield _names(given, family), f"n|{min(given, family)}|{max(given, family)}"
    for letter, name in (("f", family), ("g", given)):
        if name and born:
            yield born, f"{letter}b|{name}|{born}"
        if name and code:
            yield code, f"{letter}c|{name}|{code}"
    if person.street and code:
        yield code, f"sc|{person.street}|{code}"


def _loose(person: Person) -> Iterator[Key]:
    given, family, born, code = person.given, person.family, person.birth_date, person.postcode
    place, where = ("o", code[:3]) if code else ("t", person.city)
    if born:
        yield born, f"b|{born}"
    if given and family:
        names = _names(given, family)
        yield names, f"n3|{names}"
        if born:
            fewer = f"{given[:2]}|{family[:2]}"
            yield fewer, f"ny|{fewer}|{born[:4]}"
    for letter, name in (("f", family), ("g", given)):
        if name and where:
            yield name, f"{letter}{place}|{name}|{where}"
    if person.door:
        yield person.door, f"d|{person.door}"
    if person.house and code:
        yield code, f"hc|{person.house}|{code}"
    for nth, value in enumerate(person.others):
        if value and born:
            yield born, f"{nth}b|{value}|{born}"
