"""Values in the one spelling in which they are compared: small letters, no accents, no decoration, the usual words shortened."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from functools import cache, lru_cache

from crossroads.canonical.telephone import e164
from crossroads.identity import nothing
from crossroads.identity.names import GENERATIONS, folded

PARTICLES = frozenset((
    "da", "de", "del", "della", "der", "den", "des", "di", "do", "dos", "du", "el", "la", "las", "le", "los", "of",
    "ten", "ter", "van", "vom", "von", "y", "zu", "zum", "zur",
))  # fmt: skip
"""Words inside a surname that records write or leave out as they like."""

GLUED = frozenset((
    "d", "fitz", "l", "mac", "mc", "o", "saint", "san", "santa", "st",
))  # fmt: skip
"""Beginnings of a surname that are written with a space, an apostrophe or nothing."""

TITLES = frozenset((
    "dipl", "dott", "dr", "dra", "frau", "herr", "hr", "ing", "mag", "miss", "mlle", "mme", "mr", "mrs", "ms", "prof", "sig",
    "sir", "sr", "sra", "srta",
))  # fmt: skip
"""Words in front of a name that are no part of it."""


_STREETS = (
    ("avenida", "av"), ("avenue", "av"), ("ave", "av"), ("avda", "av"), ("boulevard", "bd"), ("blvd", "bd"), ("calle", "c"),
    ("camino", "cm"), ("cno", "cm"), ("carretera", "ct"), ("ctra", "ct"), ("close", "cl"), ("court", "ct"), ("drive", "dr"),
    ("lane", "ln"), ("paseo", "ps"), ("p o", "ps"), ("place", "pl"), ("platz", "pl"), ("plaza", "pz"), ("pza", "pz"),
    ("road", "rd"), ("rua", "r"), ("rue", "r"), ("square", "sq"), ("strasse", "str"), ("street", "st"), ("gasse", "g"),
    ("via", "v"),
)  # fmt: skip
_SHORT = dict(_STREETS)
_ENDINGS = tuple((long, short) for long, short in _STREETS if long in ("strasse", "platz", "gasse"))
_DATE = re.compile(
    r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})(?!\d)|(\d{4})(\d\d)(\d\d)(?!\d)|(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?!\d)"
)
_DAY_FIRST = re.compile(r"(\d{1,2})[\s./-]+(?:de )?([^\W\d]+)[\s./,-]+(?:de )?(\d{4})(?!\d)")
_MONTH_FIRST = re.compile(r"([^\W\d]+)[\s.]+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
"""Whose names of months are known, in full and short."""
BESIDE = frozenset("<>:;, ")
_ADDRESS = re.compile(r"[^\s<>()\";,:]+@[^\s<>()\";,:]+")
DOTLESS = frozenset(("gmail.com", "googlemail.com"))
"""Mail systems that read over dots in a user's name."""


@lru_cache(maxsize=65_536)
def surnames(text: str) -> tuple[str | None, str | None]:
    """Return the first and the second surname.

    >>> surnames("García de la Torre"), surnames("Smith-Jones"), surnames("van der Berg"), surnames("O'Connor")
    (('garcia', 'torre'), ('smith', 'jones'), ('berg', None), ('oconnor', None))
    """
    if nothing.nameless(text):
        return None, None
    words, beginning = folded(text).split(), ""
    names = []
    for word in [word for word in words if word not in PARTICLES] or words:
        if word in GLUED:
            beginning += word
        else:
            names.append(beginning + word)
            beginning = ""
    first, second, *_ = [*names, *filter(None, [beginning]), None, None]
    return first, second


def given_name(text: str) -> str | None:
    """Return the first given name; the others come and go from system to system.

    >>> given_name("José-Luis"), given_name("A."), given_name("Dr. Karl"), given_name(" "), given_name("NULL")
    ('jose', 'a', 'karl', None, None)
    """
    if nothing.nameless(text):
        return None
    return next(iter(_untitled(folded(text).split())), None)


def full_name(text: str, known: Container[str] = ()) -> tuple[str | None, str | None, str | None]:
    """Return given name and surnames of a name in one piece, `family, given` too; `known` are words that are surnames.

    >>> full_name("Torres Gil, Ana"), full_name("Frank E. Brightman"), full_name("Plato")
    (('ana', 'torres', 'gil'), ('frank', 'brightman', None), (None, 'plato', None))
    >>> full_name("Ana Torres Gil"), full_name("Ana Torres Gil", known={"torres"})
    (('ana', 'gil', None), ('ana', 'torres', 'gil'))
    >>> full_name("Prof. Dr. Eva Koch"), full_name("John Smith Jr."), full_name("Mr Smith")
    (('eva', 'koch', None), ('john', 'smith', 'jr'), (None, 'smith', None))
    >>> full_name("Smith, John Jr."), full_name("Smith Jr., John"), full_name("John Smith, Jr.")
    (('john', 'smith', 'jr'), ('john', 'smith', 'jr'), ('john', 'smith', 'jr'))
    """
    if nothing.nameless(text):
        return None, None, None
    before, comma, after = text.partition(",")
    behind = folded(after).split()
    if comma and behind and all(word in GENERATIONS for word in behind):
        return full_name(f"{before} {after}", known)
    if comma:
        first, second = surnames(before)
        return (
            given_name(after),
            first,
            second or next((word for word in behind[1:] if word in GENERATIONS), None),
        )
    words = _words(text)
    if len(words) < 2:
        return None, words[0] if words else None, None
    if len(words) > 2 and (words[-2] in known or words[-1] in GENERATIONS):
        return words[0], words[-2], words[-1]
    return words[0], words[-1], None


def middle_surnames(names: Iterable[str]) -> frozenset[str]:
    """Return the words that are surnames in front of the last word, of names in one piece; none where few have two surnames.

    A word that ends names more often than it begins them is a surname: `Ana Torres Gil` has two where `Torres` ends others.

    >>> sorted(middle_surnames(["Ana Torres Gil", "Luis Torres", "Eva Gil"])), middle_surnames(["Ann Eva Gil", "Eva Lee"])
    (['gil', 'torres'], frozenset())
    """
    first, middle, last = Counter[str](), Counter[str](), Counter[str]()
    for name in names:
        before, comma, after = name.partition(",")
        words = _words(before)
        if comma:
            first.update(_words(after)[:1])
            last.update(words)
        elif len(words) > 1:
            first[words[0]] += 1
            last[words[-1]] += 1
            middle.update(words[-2:-1] if len(words) > 2 else ())
    found = frozenset(word for word, count in last.items() if count > first[word])
    two = sum(count for word, count in middle.items() if word in found)
    return found if two > middle.total() / 2 else frozenset()


def _words(name: str) -> Sequence[str]:
    return _untitled([word for word in folded(name).split() if word not in PARTICLES])


def _untitled(words: Sequence[str]) -> Sequence[str]:
    """Return the words of a name without titles in front; a title alone may be a name."""
    first = next((place for place, word in enumerate(words) if word not in TITLES), 0)
    return words[first:]


def email(text: str) -> str | None:
    """Return an address without its label and the name it is written with; where dots mean nothing, without dots.

    >>> email("Ann.Lee+shop@GMail.com"), email("ann.lee@x.example"), email("none"), email("no-email@x.example")
    ('annlee@gmail.com', 'ann.lee@x.example', None, None)
    >>> email("Lee, Ann <ann@lee.example>"), email("mailto:ann@lee.example"), email("a@x.example; b@x.example")
    ('ann@lee.example', 'ann@lee.example', 'a@x.example')
    """
    if not BESIDE.isdisjoint(text) and (found := _ADDRESS.search(text)):
        text = found[0]
    user, at, host = text.strip().lower().rpartition("@")
    user = user.partition("+")[0]
    if not at or not user or "." not in host or nothing.mailbox(f"{user}@{host}"):
        return None
    return f"{user.replace('.', '') if host in DOTLESS else user}@{host}"


def phone(text: str, country: str | None) -> str | None:
    """Return a number in E.164, or its digits where its country is not known."""
    if not text:
        return None
    if known := e164(text, country.upper() if country else None):
        return None if nothing.number(known) else known
    digits = "".join(letter for letter in text if letter.isdigit())
    return None if len(digits) < nothing.FEWEST or nothing.number(digits) else digits.lstrip("0")


@lru_cache(maxsize=65_536)
def street(text: str) -> str | None:
    """Return a street with its usual words shortened.

    >>> street("Calle Mayor"), street("C/ Mayor"), street("Schillerstraße"), street("High Street")
    ('c mayor', 'c mayor', 'schillerstr', 'high st')
    """
    if nothing.silent(text):
        return None
    plain = folded(text)
    for long, short in _ENDINGS:
        plain = f"{plain[: -len(long)]}{short}" if plain.endswith(long) else plain
    return " ".join(_SHORT.get(word, word) for word in plain.replace("p o ", "paseo ").split()) or None


@lru_cache(maxsize=65_536)
def squeezed(text: str) -> str | None:
    """Return a code without spaces and signs, as postcodes, house numbers and tax numbers are compared.

    >>> squeezed("SW1A 2AA"), squeezed("B-12.345.678")
    ('sw1a2aa', 'b12345678')
    """
    if nothing.silent(text):
        return None
    return "".join(letter for letter in text.lower() if letter.isalnum()) or None


def plain(text: str) -> str | None:
    """Return any other text."""
    return None if nothing.silent(text) else folded(text)


def day(text: str) -> str | None:
    """Return a date as YYYY-MM-DD, of `YYYYMMDD` and `DD.MM.YYYY` too; a slip of the pen, the 31st of June, is kept as it is.

    Day and month may have one figure, and stand between points, strokes or hyphens; the month may be a name.

    >>> day("19560409"), day("9.4.1956"), day("1956-04-09T00:00:00"), day("1956/4/9"), day("soon")
    ('1956-04-09', '1956-04-09', '1956-04-09', '1956-04-09', None)
    >>> day("01.01.1900"), day("00000000")
    (None, None)
    >>> day("09-APR-1956"), day("9 de abril de 1956"), day("April 9th, 1956"), day("9. März 1956"), day("9 Floréal 1956")
    ('1956-04-09', '1956-04-09', '1956-04-09', '1956-03-09', None)
    """
    found = _date(text.strip())
    return None if found in nothing.DAYS else found


def stands_for_nothing(text: str) -> bool:
    """Tell whether a date, an address of e-mail or a telephone is in a form that is known, and is nobody's.

    >>> [stands_for_nothing(text) for text in ("n/a", "1.1.1900", "none@x.example", "000 000", "0171 55", "soon")]
    [True, True, True, True, False, False]
    """
    digits = "".join(letter for letter in text if letter.isdigit())
    return (
        nothing.silent(text)
        or _date(text.strip()) in nothing.DAYS
        or (nothing.mailbox(text.strip()) if "@" in text else bool(digits) and nothing.number(digits))
    )


def _date(text: str) -> str | None:
    found = _DATE.match(text)
    if found is None:
        return _named(text.lower())
    a, b, c, d, e, f, g, h, i = found.groups()
    year, month, dom = (a, b, c) if a else (d, e, f) if d else (i, h, g)
    return f"{year}-{int(month):02d}-{int(dom):02d}"


def _named(text: str) -> str | None:
    """Return a date whose month is said by its name."""
    if found := _DAY_FIRST.match(text):
        dom, name, year = found.groups()
    elif found := _MONTH_FIRST.match(text):
        name, dom, year = found.groups()
    else:
        return None
    month = _months().get(folded(name))
    return f"{year}-{month:02d}-{int(dom):02d}" if month else None


@cache
def _months() -> dict[str, int]:
    """Return the number of each month by its names; no name stands for two."""
    from babel.dates import get_month_names  # few files need it, and it takes long to import

    return {
        folded(name): number
        for language in LANGUAGES
        for width in ("abbreviated", "wide")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, language).items()
    }
