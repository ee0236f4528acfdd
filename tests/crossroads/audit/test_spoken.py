"""What business users read is there in both languages, with the same values to fill in."""

from string import Formatter

import pytest

from crossroads.audit.spoken import LANGUAGES, Speaker, language
from crossroads.identity.comparisons import comparisons
from crossroads.identity.evidence import Row
from crossroads.identity.model import Model
from crossroads.identity.organizations import organizations
from crossroads.identity.person import Person
from crossroads.identity.score import Scorer

ENGLISH, SPANISH = LANGUAGES["en"], LANGUAGES["es"]
NAMED = ("field.", "level.")  # in English as the code has them


def places(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text)} - {None}


def test_every_text_is_there_in_both_languages_with_the_same_values_to_fill_in() -> None:
    assert set(ENGLISH) == {name for name in SPANISH if not name.startswith(NAMED)}
    for name, said in ENGLISH.items():
        assert places(said) == places(SPANISH[name]), name


def evidence() -> list[Row]:
    """Return rows of every field and level that a weight can be made of."""
    ann = Person(given="ann", family="lee", keys=("email:a@x.example", "id.tax:1", "reference:1"))
    firm, other = Person(legal="lee ltd", email="a@x.example"), Person(legal="lee ltd", tax_id="1")
    married = ann._replace(family="berg", email="a@x.example")
    found = [Row(one.name, level.name, 0.0) for one in comparisons({}) for level in one.levels]
    scorer = Scorer(Model.shipped())
    for a, b in ((ann, ann), (ann, married), (married, married), (firm, ann), (firm, other), (firm, firm)):
        found += scorer.explain(a, b)
    assert organizations(firm, Person(legal="other ltd"))
    return [*found, *organizations(firm, Person(legal="other ltd"))]


@pytest.mark.parametrize("row", [*dict.fromkeys(row._replace(bits=0.0) for row in evidence())], ids=str)
def test_every_row_of_a_waterfall_has_spanish_words(row: Row) -> None:
    assert f"field.{row.field}" in SPANISH
    assert f"level.{row.level}" in SPANISH


def test_what_has_no_name_in_a_language_is_called_as_it_is() -> None:
    assert Speaker("es").word("field", "birth_date") == "fecha de nacimiento"
    assert Speaker("en").word("field", "birth_date") == "birth date"
    assert Speaker("es").word("field", "occupation") == "occupation"


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        (("", "fr;q=0.9, es-AR;q=0.8, en;q=0.5"), "es"),
        (("en", "es"), "en"),
        (("", ""), "en"),
        (("xx", "fr"), "en"),
    ],
)
def test_the_language_asked_for_comes_before_the_one_the_browser_accepts(
    accepted: tuple[str, str], spoken: str
) -> None:
    assert language(*accepted) == spoken
