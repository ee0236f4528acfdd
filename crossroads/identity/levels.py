"""How alike two records are, field by field, for a pair in the store: each function returns the level reached, best is 0.

What the levels are, and how a batch finds them by SQL, stands in `comparisons.py`; a test holds the two together. Every level
means the same whichever of the two records comes first, or the order of arrival would count.
"""

from collections.abc import Callable, Mapping, Sequence

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from crossroads.identity.names import GENERATIONS
from crossroads.identity.person import Person

SWAPPED = 0.9
SLIPPED = 0.85
NOTHING = -1
"""The level of a pair of which one record does not say the field."""

Reaches = Callable[[Person, Person], int]
Nicknames = Mapping[str, Sequence[str]]
"""Given name -> the names it may be short for."""


def edits(a: str, b: str, most: int) -> bool:
    """Tell whether two texts are at most so many strokes apart; those not even alike are not counted, which takes long."""
    return likeness(a, b) >= SLIPPED and DamerauLevenshtein.distance(a, b, score_cutoff=most) <= most


likeness = JaroWinkler.similarity
"""How alike two texts are, 1 for equal ones; what stands at the beginning counts more."""


def _swapped(a: Person, b: Person) -> bool:
    """Tell whether given name and surname stand in each other's place, slips of the pen allowed."""
    if not (a.given and a.family and b.given and b.family):
        return False
    return likeness(a.given, b.family) >= SWAPPED and likeness(a.family, b.given) >= SWAPPED


def given(nicknames: Nicknames) -> Reaches:
    """Return the comparison of given names."""

    def forms(name: str) -> set[str]:
        return {name, *nicknames.get(name, ())}

    def reaches(a: Person, b: Person) -> int:
        x, y = a.given, b.given
        if not x or not y:
            return NOTHING
        if x == y:
            return 0
        if (x in nicknames or y in nicknames) and not forms(x).isdisjoint(forms(y)):
            return 1
        like = likeness(x, y)
        if like < SWAPPED and _swapped(a, b):
            return 2
        if like >= 0.92:
            return 3
        if len(x) == 1 or len(y) == 1:
            return 5 if x[0] == y[0] else 7
        return 4 if like >= 0.8 else 6 if x[0] == y[0] else 7

    return reaches


OTHER_NAME, OTHER_DATE, OTHER_NUMBER = 6, 4, 2
"""From these levels on two given names, birth dates or tax numbers are two people's."""

BIRTH = "birth_date"
A_GENERATION = 6
"""At this level two birth dates are as far apart as a child's from a parent's; from it on more than ten years."""

PARENTS = range(18, 46)
"""How many years older a parent is."""


def contradict(a: Person, b: Person, names: Reaches) -> bool:
    """Tell whether two records cannot be one person's: another given name, birth date or tax number, or a person and a firm.

    Junior and senior are two, and so are the second and the third.
    The surname alone is no contradiction: people marry. `names` compares given names.
    """
    return (
        names(a, b) >= OTHER_NAME
        or birth_date(a, b) >= OTHER_DATE
        or tax_id(a, b) >= OTHER_NUMBER
        or bool(a.legal) != bool(b.legal)
        or _called(a, b)
    )


def generations(a: Person, b: Person) -> bool:
    """Tell whether two records are of one name and of two generations, by their birth dates or by what follows the name."""
    one_name = a.given and a.given == b.given and a.family and a.family == b.family
    return bool(one_name) and (birth_date(a, b) >= A_GENERATION or _called(a, b))


def _called(a: Person, b: Person) -> bool:
    ours, theirs = GENERATIONS.get(a.family2 or ""), GENERATIONS.get(b.family2 or "")
    return bool(ours and theirs and ours != theirs)


def family(a: Person, b: Person) -> int:
    """Compare surnames."""
    x, y = a.family, b.family
    if not x or not y:
        return NOTHING
    if x == y:
        return 0
    like = likeness(x, y)
    if like < SWAPPED and _swapped(a, b):
        return 1
    if a.family2 or b.family2:  # a slip may be a space: Car Ter
        like = max(like, likeness(x + (a.family2 or ""), y + (b.family2 or "")))
    return 2 if like >= 0.92 else 3 if like >= 0.8 else 4


def family2(a: Person, b: Person) -> int:
    """Compare second surnames."""
    x, y = a.family2, b.family2
    if not x or not y:
        return NOTHING
    return 0 if x == y else 1 if likeness(x, y) >= 0.92 else 2


def birth_date(a: Person, b: Person) -> int:
    """Compare birth dates."""
    x, y = a.birth_date, b.birth_date
    if not x or not y:
        return NOTHING
    if x == y:
        return 0
    if edits(x, y, 1) or (x[:4] == y[:4] and x[5:7] == y[8:] and x[8:] == y[5:7]):
        return 1
    if (x[:4] == y[:4]) + (x[5:7] == y[5:7]) + (x[8:] == y[8:]) == 2:
        return 2
    if edits(x, y, 2):
        return 3
    years = abs(int(x[:4]) - int(y[:4]))
    return 4 if not years else 5 if years <= 10 else 6 if years in PARENTS else 7


def email(a: Person, b: Person) -> int:
    """Compare e-mail addresses."""
    x, y = a.email, b.email
    if not x or not y:
        return NOTHING
    if x == y:
        return 0
    if edits(x, y, 2):
        return 1
    user, other = x.partition("@")[0], y.partition("@")[0]
    return 2 if user == other else 3 if likeness(user, other) >= 0.9 else 4


def phone(a: Person, b: Person) -> int:
    """Compare the ends of telephone numbers."""
    x, y = a.number, b.number
    if not x or not y:
        return NOTHING
    return 0 if x == y else 1 if edits(x, y, 1) else 2


def address(a: Person, b: Person) -> int:
    """Compare street, house, postcode and city as one."""
    if not ((a.street and b.street) or (a.postcode and b.postcode) or (a.city and b.city)):
        return NOTHING
    street = _same(a.street, b.street)
    house = bool(a.house and a.house == b.house)
    code = bool(a.postcode and a.postcode == b.postcode)
    city = _same(a.city, b.city)
    if street and house and (code or city):
        return 0
    if street and (house or code or city):
        return 1
    if code:
        return 2
    if a.postcode and b.postcode and edits(a.postcode, b.postcode, 1):
        return 3
    if a.postcode and b.postcode and a.postcode[:-3] and a.postcode[:-3] == b.postcode[:-3]:
        return 4
    return 5 if city else 6


def _same(x: str | None, y: str | None) -> bool:
    return bool(x and y and (x == y or likeness(x, y) >= 0.9))


def tax_id(a: Person, b: Person) -> int:
    """Compare tax numbers."""
    x, y = a.tax_id, b.tax_id
    if not x or not y:
        return NOTHING
    return 0 if x == y else 1 if edits(x, y, 1) else 2


def other(place: int) -> Reaches:
    """Return the comparison of a further field."""

    def reaches(a: Person, b: Person) -> int:
        x, y = a.others[place], b.others[place]
        if not x or not y:
            return NOTHING
        if x == y:
            return 0
        like = likeness(x, y)
        return 1 if like >= 0.9 else 2 if like >= 0.75 else 3

    return reaches
