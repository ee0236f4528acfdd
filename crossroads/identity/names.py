"""Names in one spelling: small Latin letters without accents."""

from functools import lru_cache
from unicodedata import normalize

from anyascii import anyascii


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
