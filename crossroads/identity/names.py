"""Whether two names can be one person's: the guard behind every shared e-mail address and telephone number."""

from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

from crossroads.errors import shape

# "Jon" and "John" are .93 alike, "Maria" and "Marta" .87; likeness only ever counts beside a shared key.
ALIKE = 0.9


class Name(NamedTuple):
    """A name as it is compared: folded, without accents; an organisation has its whole name in `family`."""

    given: str = ""
    family: str = ""
    born: str = ""
    organization: bool = False

    def __repr__(self) -> str:
        return f"Name({shape(self.given)}; {shape(self.family)})"

    @property
    def full(self) -> bool:
        """Whether there is enough of it to tell two people apart."""
        return bool(self.family and (self.given or self.organization))


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Return a name in small Latin letters without accents, German umlauts spelled out, other scripts transliterated.

    >>> folded("Müller"), folded("José-Luis"), folded("Юрий Гагарин")
    ('mueller', 'jose luis', 'yuriy gagarin')
    """
    spelled = (
        normalize("NFC", text)
        .casefold()
        .replace("ä", "ae")
        .replace("ö", "oe")
        .replace("ü", "ue")
        .replace("ß", "ss")
    )
    plain = spelled if spelled.isascii() else anyascii(spelled).lower()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def one_name(a: str, b: str) -> bool:
    """Tell whether two given names, or two family names, can be the same: equal, an initial, a part, or alike.

    >>> one_name("anna maria", "anna"), one_name("a", "anna"), one_name("anna", "peter")
    (True, True, False)
    """
    if not a or not b or a == b:
        return True
    first, second = a.split()[0], b.split()[0]
    if (
        first == second
        or (len(first) == 1 and second.startswith(first))
        or (len(second) == 1 and first.startswith(second))
    ):
        return True
    return JaroWinkler.similarity(a, b) >= ALIKE


def contradict(a: Name, b: Name) -> bool:
    """Tell whether two names cannot be one person's: other given name, other birth date, or a person against a firm.

    The family name alone is no contradiction: people marry. It is the shared key that says they are one.
    """
    if a.organization != b.organization:
        return bool(a.family and b.family)
    if a.born and b.born and a.born != b.born:
        return True
    if a.organization:
        return not one_name(a.family, b.family)
    return not one_name(a.given, b.given)


def same(a: Name, b: Name) -> bool:
    """Tell whether two names are full and equal."""
    return (
        a.full
        and a[:2] == b[:2]
        and a.organization == b.organization
        and not (a.born and b.born and a.born != b.born)
    )
