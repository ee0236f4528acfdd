"""What people and systems write where they have nothing to say: it is nobody's name, address or birthday.

Said by many, it would make strangers alike, and tell somebody apart from himself where he does say something.
"""

from functools import lru_cache
from math import inf

from crossroads.identity.names import GENERATIONS, folded

WORDS = frozenset((
    "anonymous", "not applicable", "not available", "not given", "not known", "not provided", "not specified", "no data", "tbd",
    "undefined", "unknown", "unspecified", "anonym", "fnu", "lnu", "no name", "noname",
    "keine angabe", "keine angaben", "nicht bekannt", "ohne angabe", "unbekannt",
    "desconocida", "desconocido", "no consta", "no disponible", "no informado", "sin apellido", "sin apellidos",
    "sin datos", "sin nombre",
    "inconnu", "inconnue", "non communique", "non renseigne", "sans objet",
    "non disponibile", "non noto", "sconosciuta", "sconosciuto",
    "niet bekend", "onbekend",
    "desconhecida", "desconhecido", "nao informado", "sem dados",
    "xaxx010101000", "xexx010101000",
))  # fmt: skip
"""In seven languages, as `folded` spells them, and whose tax number Mexico has for those who have none."""

ALSO_NAMES = frozenset((
    "k a", "n a", "n v t", "na", "nan", "nat", "nil", "none", "null", "nvt", "s d", "s n", "x",
))  # fmt: skip
"""Nothing anywhere but in a name: people are called Na, Nan and Null, or S. N."""

BY_MACHINES = frozenset((
    "#N/A", "(none)", "(null)", "<null>", "N/A", "N/a", "NONE", "NULL", "NaN", "NaT", "None", "\\N", "k.A.",
    "n.a.", "n/a", "null",
))  # fmt: skip
"""Nothing in a name too, spelled like that."""

MAILBOXES = frozenset((
    "anonymous", "kein", "keine", "nobody", "none", "null", "test", "unbekannt", "unknown",
))  # fmt: skip
"""What stands before the @ where there is no mailbox; `na` and its like do where the host is called so too."""

NO_MAILBOXES = frozenset((
    "donotreply", "geenemail", "keineemail", "keinemail", "nocorreo", "noemail", "nomail", "noname", "noreply", "noresponder",
    "notiene", "pasdemail", "sincorreo", "sinemail", "sinmail",
))  # fmt: skip
"""The same, of several words, without signs between them."""

DAYS = frozenset((
    "0000-00-00", "0001-01-01", "1111-11-11", "1601-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-00-00",
    "1900-01-00", "1900-01-01", "1901-01-01", "1904-01-01", "1969-12-31", "1970-01-01", "2999-12-31", "9999-12-30",
    "9999-12-31", "9999-99-99",
))  # fmt: skip
"""With what calendars, spreadsheets and databases begin and end: hardly anybody's birthday."""

SIGNS = str.maketrans("", "", " ._-/")
ASCENDING = "1234567890"
FEWEST, SAME, LETTERS, NINES = 6, 7, 3, 5


@lru_cache(maxsize=65_536)
def silent(text: str) -> bool:
    """Tell whether a value stands for nothing.

    >>> [silent(text) for text in ("N/A", "k.A.", "-", "0000", "XXX", "Desconocido", "99999", "10000", "Ulm")]
    [True, True, True, True, True, True, True, False, False]
    >>> [silent(text) for text in ("7", "9999", "77777", "xx", "0", "x")]
    [False, False, False, False, True, True]
    """
    plain = folded(text)
    letters = plain.replace(" ", "")
    if len({*letters}) == 1 and plain not in ALSO_NAMES:  # one letter or figure again and again
        least = {"0": 1, "9": NINES}.get(letters[0], inf if letters.isdigit() else LETTERS)
        return len(letters) >= least
    return (
        not letters or plain in ALSO_NAMES or plain in WORDS or all(word in WORDS for word in plain.split())
    )


def nameless(text: str) -> bool:
    """Tell whether a name stands for nothing.

    >>> [nameless(text) for text in ("NULL", "Null", "Na", "unknown", "xxx", "X", "III", "k.A.", "K. A.", "Ann")]
    [True, False, False, True, True, False, False, True, False, False]
    """
    if text.strip() in BY_MACHINES:
        return True
    return silent(text) and (plain := folded(text)) not in ALSO_NAMES and plain not in GENERATIONS


def mailbox(address: str) -> bool:
    """Tell whether there is no mailbox behind an address of e-mail.

    >>> [mailbox(f"{user}@x.example") for user in ("no-email", "none", "noel", "n.one", "na")]
    [True, True, False, False, False]
    >>> mailbox("na@na.example"), mailbox("x@x.x"), mailbox("lee@lee.example")
    (True, True, False)
    """
    user, _, host = address.lower().rpartition("@")
    twice = user in ALSO_NAMES and host.partition(".")[0] == user
    return twice or user in MAILBOXES or user.translate(SIGNS) in NO_MAILBOXES


def number(digits: str) -> bool:
    """Tell whether the digits of a telephone are nobody's: all the same, noughts or nines at the end, or counted up.

    >>> [number(digits) for digits in ("111111111", "+4999999999", "+49123456789", "+4915112345678", "+6562222222", "654321")]
    [True, True, True, False, False, False]
    """
    own = digits.lstrip("+0")
    codes = (0, 1, 2, 3) if digits.startswith("+") else (0,)
    end = {*own[-SAME:]}
    same = len({*own}) < 2 or (len(end) == 1 and end <= {"0", "9"})
    return same or any(len(own) >= at + FEWEST and ASCENDING.startswith(own[at:]) for at in codes)
