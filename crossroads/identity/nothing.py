"""What people and systems write where they have nothing to say: it is nobody's name, address or birthday.

Said by many, it would make strangers alike, and tell somebody apart from himself where he does say something.
"""

from functools import lru_cache

from crossroads.identity.names import folded

WORDS = frozenset((
    "anonymous", "not applicable", "not available", "not given", "not known", "not provided", "not specified", "no data", "tbd",
    "undefined", "unknown", "unspecified",
    "keine angabe", "keine angaben", "k a", "nicht bekannt", "ohne angabe", "unbekannt",
    "desconocida", "desconocido", "no consta", "no disponible", "no informado", "s d", "s n", "sin datos", "sin nombre",
    "inconnu", "inconnue", "non communique", "non renseigne", "sans objet",
    "non disponibile", "non noto", "sconosciuta", "sconosciuto",
    "niet bekend", "nvt", "n v t", "onbekend",
    "desconhecida", "desconhecido", "nao informado", "sem dados",
))  # fmt: skip
"""In seven languages, as `folded` spells them."""

ALSO_NAMES = frozenset(("n a", "na", "nan", "nat", "nil", "none", "null", "x"))
"""Nothing anywhere but in a name: people are called Na, Nan and Null."""

BY_MACHINES = frozenset(
    ("#N/A", "(null)", "<null>", "N/A", "NULL", "NaN", "NaT", "None", "\\N", "n/a", "null")
)
"""Nothing in a name too, spelled like that."""

MAILBOXES = frozenset((
    "donotreply", "keine", "keineemail", "keinemail", "na", "nobody", "noemail", "nomail", "none", "noreply", "noresponder",
    "null", "sincorreo", "sinemail", "sinmail", "unbekannt", "unknown",
))  # fmt: skip
"""What stands before the @ where there is no mailbox, without signs."""

DAYS = frozenset((
    "0000-00-00", "0001-01-01", "1111-11-11", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-00", "1900-01-01", "1970-01-01",
    "9999-12-31", "9999-99-99",
))  # fmt: skip
"""With what calendars, spreadsheets and databases begin and end: hardly anybody's birthday."""

SIGNS = str.maketrans("", "", " ._-/")
ASCENDING = "1234567890"
FEWEST, SAME, REPEATED = 6, 7, 3


@lru_cache(maxsize=65_536)
def silent(text: str) -> bool:
    """Tell whether a value stands for nothing.

    >>> [silent(text) for text in ("N/A", "k.A.", "-", "0000", "XXX", "Desconocido", "9999", "10000", "Ulm")]
    [True, True, True, True, True, True, True, False, False]
    >>> [silent(text) for text in ("7", "77", "77777", "xx", "0", "x")]
    [False, False, False, False, True, True]
    """
    plain = folded(text)
    letters = plain.replace(" ", "")
    if len({*letters}) == 1 and plain not in ALSO_NAMES:  # one letter or figure again and again
        return letters[0] == "0" or (
            len(letters) >= REPEATED and (letters[0] == "9" or not letters.isdigit())
        )
    return not letters or plain in WORDS or plain in ALSO_NAMES


def nameless(text: str) -> bool:
    """Tell whether a name stands for nothing.

    >>> [nameless(text) for text in ("NULL", "Null", "Na", "unknown", "xxx", "X", "Ann")]
    [True, False, False, True, True, False, False]
    """
    return text.strip() in BY_MACHINES or (silent(text) and folded(text) not in ALSO_NAMES)


def mailbox(user: str) -> bool:
    """Tell whether there is no mailbox behind what stands before an @.

    >>> [mailbox(user) for user in ("no-email", "none", "noel", "n.a")]
    [True, True, False, True]
    """
    return user.translate(SIGNS).lower() in MAILBOXES


def number(digits: str) -> bool:
    """Tell whether the digits of a telephone are nobody's: one seven times at the end, or 123456.

    >>> [number(digits) for digits in ("000000000", "+4999999999", "0123456789", "+4915112345678", "654321")]
    [True, True, True, False, False]
    """
    own = digits.lstrip("+0")
    return not own or len({*own[-SAME:]}) == 1 or (len(own) >= FEWEST and ASCENDING.startswith(own))
