"""A record as it is compared with others: the few values that tell people apart, normalised, and nothing else."""

from typing import NamedTuple

from crossroads.errors import shape


class Person(NamedTuple):
    """What a record says of a person, in the spelling of `normal.py`; None is what it does not say.

    `given` and `family` are one word each, `family2` a second surname; `others` are further fields in the order of the model.
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

    def without(self, junk: frozenset[str]) -> "Person":
        """Return the record without an e-mail address or the end of a telephone number that is nobody's own."""
        if self.email in junk or self.number in junk:
            return self._replace(
                email=None if self.email in junk else self.email,
                phone=None if self.number in junk else self.phone,
            )
        return self


FIELDS = Person._fields[:-1]


def columns(others: int) -> list[str]:
    """Return the names of all values of a record with so many further fields, as tables have them.

    >>> columns(1)[-2:]
    ['tax_id', 'other0']
    """
    return [*FIELDS, *(f"other{place}" for place in range(others))]
