"""A record as it is compared with others: the few values that tell people apart, normalised, and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from crossroads.errors import shape


class Person(NamedTuple):
    """What a record says of a person, in the spelling of `normal.py`; None is what it does not say.

    `given` and `family` are one word each, `family2` a second surname; `others` are further fields in the order of the model.
    `legal` is the name of an organisation, which is nobody's; `keys` are what the record's mapping declares to identify it, as
    `kind:value`, now or once.
    """

    given: str | None = None
    family: str | None = None
    family2: str | None = None
    birth_date: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    house: str | None = None
    postcode: str | None = None
    city: str | None = None
    tax_id: str | None = None
    others: tuple[str | None, ...] = ()
    legal: str | None = None
    keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        said = [f"{name}: {shape(value)}" for name, value in zip(self._fields, self, strict=True) if value]
        return f"Person({'; '.join(said)})"

    @property
    def mailbox(self) -> str | None:
        """The part of the e-mail address before the @."""
        return self.email.partition("@")[0] if self.email else None

    @property
    def number(self) -> str | None:
        """The end of the telephone number, which is the same with a calling code, with a trunk prefix or without."""
        return self.phone[-8:] if self.phone else None

    @property
    def door(self) -> str | None:
        """Street and house number together."""
        return f"{self.street} {self.house}" if self.street and self.house else None

    def owned(self) -> Mapping[str, set[str]]:
        """Return the values that ought to have one owner, by field: addresses, ends of telephone numbers, other keys."""
        found: dict[str, set[str]] = {"email": set(), "phone": set(), "key": set()}
        if self.email:
            found["email"].add(self.email)
        if self.phone:
            found["phone"].add(self.phone[-8:])
        for key in self.keys:
            field, value = _field(key), key.partition(":")[2]
            found[field].add(value if field == "email" else value[-8:] if field == "phone" else key)
        return found

    def usual(self) -> Mapping[str, str]:
        """Return what is nobody's own where it is written for want of anything better: the birthday, the name, the address."""
        found = {"birth_date": self.birth_date} if self.birth_date else {}
        if self.given and self.family:
            found["name"] = f"{self.given} {self.family}"
        if self.street and self.house:
            found["door"] = f"{self.door} {self.postcode or ''}"
        return found

    def without(self, fields: Collection[str]) -> "Person":
        """Return the record without what is nobody's own, by the fields of `HIDDEN`."""
        if not fields:
            return self
        values = list[Any](self)
        for field in fields:
            for place in _PLACES.get(field, ()):
                values[place] = None
        values[-1] = tuple(key for key in self.keys if _field(key) not in fields)
        return Person._make(values)

    def nobodys(self, junk: frozenset[str]) -> set[str]:
        """Return the fields of which a value is among those that are nobody's own."""
        found = {field for field, values in self.owned().items() if values & junk}
        return found | {field for field, value in self.usual().items() if value in junk}

    def apart_from(self, junk: frozenset[str]) -> "Person":
        """Return the record without what is nobody's own."""
        return self.without(self.nobodys(junk))


OWNED = ("email", "phone", "key")
HIDDEN = (*OWNED, "birth_date", "name", "door")
"""What of a record may be nobody's own."""

COLUMNS = {
    "email": ("email",), "phone": ("phone",), "birth_date": ("birth_date",), "name": ("given", "family", "family2"),
    "door": ("street", "house", "postcode", "city"),
}  # fmt: skip
"""The values that are nothing then."""

_PLACES = {field: [Person._fields.index(name) for name in names] for field, names in COLUMNS.items()}
FIELDS = Person._fields[: Person._fields.index("others")]

Said: TypeAlias = tuple[Person, ...]
"""What one record says and said, newest first. Two records are as alike as their two statements that are most alike."""


def _field(key: str) -> str:
    kind = key.partition(":")[0]
    return kind if kind in OWNED else "key"


def of_columns(values: Sequence[str | None]) -> Person:
    """Return the record that has these values, in the order of `columns`."""
    return Person._make([*values[: len(FIELDS)], tuple(values[len(FIELDS) :]), None, ()])


def columns(others: int) -> list[str]:
    """Return the names of all values of a record with so many further fields, as tables have them.

    >>> columns(1)[-2:]
    ['tax_id', 'other0']
    """
    return [*FIELDS, *(f"other{place}" for place in range(others))]
