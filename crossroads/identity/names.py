"""Names in one spelling: small Latin letters without accents."""

from functools import lru_cache
from unicodedata import normalize

from anyascii import anyascii

GENERATIONS = {
    "jr": "jr", "jnr": "jr", "junior": "jr", "sr": "sr", "snr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv",
}  # fmt: skip
"""Words after a surname that tell father and son apart, and stand where a second surname does: word -> whose it is."""


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
