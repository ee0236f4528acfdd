"""What is compared of two records: each comparison names its levels, best first, and says in SQL when each is reached.

The SQL is what a batch goes by (`batch.py`), over `x_l` and `x_r`; `levels.py` says the same for a single pair.
"""

from collections.abc import Sequence
from typing import NamedTuple

from crossroads.identity import levels
from crossroads.identity.levels import PARENTS, SLIPPED, SWAPPED, Nicknames, Reaches


class Level(NamedTuple):
    """One degree of likeness: its name, when it is reached (in SQL, over `x_l` and `x_r`), and whose frequencies count there."""

    name: str
    sql: str = "ELSE"
    frequency: str | None = None


class Comparison(NamedTuple):
    """One field, or several that are one thing, compared; `absent` is when one of the records does not say it."""

    name: str
    absent: str
    levels: Sequence[Level]
    reaches: Reaches

    def __repr__(self) -> str:
        return f"Comparison({self.name}, {len(self.levels)} levels)"


def comparisons(nicknames: Nicknames, others: Sequence[str] = ()) -> Sequence[Comparison]:
    """Return all comparisons; `others` are the names of the further fields, in their order in a `Person`."""
    return (_given(nicknames), *_COMMON, *(_other(place, name) for place, name in enumerate(others)))


def _absent(field: str) -> str:
    return f"{field}_l IS NULL OR {field}_r IS NULL"


def _equal(field: str) -> str:
    return f"{field}_l = {field}_r"


def _alike(field: str, least: float) -> str:
    return f"jaro_winkler_similarity({field}_l, {field}_r) >= {least}"


def _edits(field: str, most: int) -> str:
    return f"CASE WHEN {_alike(field, SLIPPED)} THEN damerau_levenshtein({field}_l, {field}_r) <= {most} ELSE FALSE END"


_SWAPPED = f"jaro_winkler_similarity(given_l, family_r) >= {SWAPPED} AND jaro_winkler_similarity(family_l, given_r) >= {SWAPPED}"


_LETTER = "(length(given_l) = 1 OR length(given_r) = 1)"


def _given(nicknames: Nicknames) -> Comparison:
    reached = (
        Level("equal", _equal("given"), "given"),
        Level("nickname", "list_has_any(forms_l, forms_r)"),
        Level("swapped with the surname", f"NOT {_alike('given', SWAPPED)} AND {_SWAPPED}"),
        Level("alike", _alike("given", 0.92)),
        Level("a little alike", f"{_alike('given', 0.8)} AND NOT {_LETTER}"),
        Level("initial", f"given_l[1] = given_r[1] AND {_LETTER}"),
        Level("same initial", "given_l[1] = given_r[1]"),
        Level("other"),
    )
    return Comparison("given", _absent("given"), reached, levels.given(nicknames))


_YEAR = "birth_date_l[1:4] = birth_date_r[1:4]"
_YEARS = "abs(birth_date_l[1:4]::INT - birth_date_r[1:4]::INT)"
_MONTH = "birth_date_l[6:7] = birth_date_r[6:7]"
_DAY = "birth_date_l[9:10] = birth_date_r[9:10]"
_TURNED = f"{_YEAR} AND birth_date_l[6:7] = birth_date_r[9:10] AND birth_date_l[9:10] = birth_date_r[6:7]"


_STREET = _alike("street", 0.9)
_HOUSE = _equal("house")
_CODE = _equal("postcode")
_CITY = _alike("city", 0.9)
_TOWN = "postcode_l[:-4] <> '' AND postcode_l[:-4] = postcode_r[:-4]"
"""The postcode without its last three signs; DuckDB counts the end of a slice in."""


def _other(place: int, name: str) -> Comparison:
    column = f"other{place}"
    reached = (
        Level("equal", _equal(column), column),
        Level("alike", _alike(column, 0.9)),
        Level("a little alike", _alike(column, 0.75)),
        Level("other"),
    )
    return Comparison(name, _absent(column), reached, levels.other(place))


_COMMON = (
    Comparison("family", _absent("family"), (
        Level("equal", _equal("family"), "family"),
        Level("swapped with the given name", f"NOT {_alike('family', SWAPPED)} AND {_SWAPPED}"),
        Level("alike", f"{_alike('family', 0.92)} OR {_alike('surnames', 0.92)}"),
        Level("a little alike", f"{_alike('family', 0.8)} OR {_alike('surnames', 0.8)}"),
        Level("other"),
    ), levels.family),
    Comparison("family2", _absent("family2"), (
        Level("equal", _equal("family2"), "family2"),
        Level("alike", _alike("family2", 0.92)),
        Level("other"),
    ), levels.family2),
    Comparison("birth_date", _absent("birth_date"), (
        Level("equal", _equal("birth_date")),
        Level("one slip", f"{_edits('birth_date', 1)} OR ({_TURNED})"),
        Level("two of three", f"({_YEAR})::INT + ({_MONTH})::INT + ({_DAY})::INT = 2"),
        Level("two slips", _edits("birth_date", 2)),
        Level("same year", _YEAR),
        Level("within ten years", f"{_YEARS} <= 10"),
        Level("a generation", f"{_YEARS} BETWEEN {PARENTS.start} AND {PARENTS.stop - 1}"),
        Level("other"),
    ), levels.birth_date),
    Comparison("email", _absent("email"), (
        Level("equal", _equal("email")),
        Level("two slips", _edits("email", 2)),
        Level("same user", _equal("mailbox")),
        Level("user alike", _alike("mailbox", 0.9)),
        Level("other"),
    ), levels.email),
    Comparison("phone", _absent("number"), (
        Level("equal", _equal("number")),
        Level("one slip", _edits("number", 1)),
        Level("other"),
    ), levels.phone),
    Comparison("address", f"({_absent('street')}) AND ({_absent('postcode')}) AND ({_absent('city')})", (
        Level("same door", f"{_STREET} AND {_HOUSE} AND ({_CODE} OR {_CITY})"),
        Level("same street", f"{_STREET} AND ({_HOUSE} OR {_CODE} OR {_CITY})"),
        Level("same postcode", _CODE, "postcode"),
        Level("postcode with a slip", _edits("postcode", 1)),
        Level("same part of town", _TOWN),
        Level("same city", _CITY, "city"),
        Level("other"),
    ), levels.address),
    Comparison("tax_id", _absent("tax_id"), (
        Level("equal", _equal("tax_id")),
        Level("one slip", _edits("tax_id", 1)),
        Level("other"),
    ), levels.tax_id),
)  # fmt: skip
