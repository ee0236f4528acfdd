"""A file of anybody's: what its columns say of each person."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.dates import get_month_names

from crossroads.errors import ConfigError
from crossroads.identity import normal
from crossroads.identity.names import folded
from crossroads.identity.table import Fields, read

BOTH = ["Ana Torres Gil", "Luis Torres", "Gil Lopez, Eva", "Eva Gil Ruiz", "Ruiz, Ana"]
ONE = ["John Michael Smith", "Michael Jones", "Michael Lee", "Tom Michael", "Mary Ann Lee", "Ann Jones Smith"]


@pytest.mark.parametrize(
    ("names", "read_as"),
    [
        (BOTH, [("torres", "gil"), ("torres", None), ("gil", "lopez"), ("gil", "ruiz"), ("ruiz", None)]),
        (ONE, [(name, None) for name in ("smith", "jones", "lee", "michael", "lee", "smith")]),
        (["Dr. Ana Torres", "John Smith Jr.", "Frau Koch"], [("torres", None), ("smith", "jr"), ("koch", None)]),
        (["", "Plato"], [(None, None), ("plato", None)]),
        (["Smith, John Jr.", "Smith Sr., John", "John Smith, III"], [("smith", "jr"), ("smith", "sr"), ("smith", "iii")]),
    ],
)  # fmt: skip
def test_names_in_one_piece_have_two_surnames_where_most_of_a_file_has(
    tmp_path: Path, names: Sequence[str], read_as: Sequence[tuple[str | None, str | None]]
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("key,who\n" + "".join(f'{place},"{name}"\n' for place, name in enumerate(names)))
    found = [person for _, person in read(file, Fields(id="key", name="who"))]
    assert [(one.family, one.family2) for one in found] == list(read_as)


def test_a_file_in_another_encoding_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes("key,who\n1,José\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="CSV in UTF-8"):
        list(read(file, Fields(id="key", name="who")))


@pytest.mark.parametrize(
    ("fields", "street", "house"),
    [({"street": "line"}, "high st", "7"), ({"street": "line", "house": "no"}, "high st 7", "9")],
    ids=["in one column", "in two"],
)
def test_a_house_number_is_found_in_the_street_where_it_has_no_column(
    tmp_path: Path, fields: dict[str, str], street: str, house: str
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("key,line,no\n1,High Street 7,9\n")
    ((_, person),) = read(file, Fields(id="key", **fields))
    assert (person.street, person.house) == (street, house)


def test_a_month_is_understood_by_its_name_in_each_language_and_no_name_means_two() -> None:
    said: dict[str, set[int]] = {}
    for language in normal.LANGUAGES:
        for width in ("abbreviated", "wide"):
            for month, name in get_month_names(width, "format", language).items():
                said.setdefault(folded(name), set()).add(month)
                assert normal.day(f"7 {name} 1962") == f"1962-{month:02d}-07", (language, name)
                assert normal.day(f"{name.upper()} 7, 1962") == f"1962-{month:02d}-07", (language, name)
    assert all(len(months) == 1 for months in said.values())


@pytest.mark.parametrize("text", ["7 Lee 1962", "May 1962", "7 May", "7 May 62", "0x7 May 19622", ""])
def test_what_is_no_date_is_none(text: str) -> None:
    assert normal.day(text) is None
