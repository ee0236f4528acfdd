"""A file of anybody's: what its columns say of each person."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.dates import get_month_names

from crossroads.errors import ConfigError
from crossroads.identity import normal
from crossroads.identity.names import folded
from crossroads.identity.table import Fields, not_understood, read

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


NOTHING = {
    "given": ("NULL", "Ann"), "family": ("unknown", "Lee"), "birth_date": ("01.01.1900", "09.04.1956"),
    "email": ("none@x.example", "a@x.example"), "phone": ("000000000", "+4915112345678"), "street": ("N/A", "High Street"),
    "house": ("0", "7"), "postcode": ("00000", "10115"), "city": ("unbekannt", "Ulm"), "tax_id": ("99999999", "B123"),
    "other": ("xxx", "baker"),
}  # fmt: skip


def test_what_stands_for_nothing_is_nothing_and_is_no_form_that_is_not_understood(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    rows = zip(*NOTHING.values(), strict=True)
    file.write_text(
        f"key,{','.join(NOTHING)}\n" + "".join(f"{n},{','.join(row)}\n" for n, row in enumerate(rows))
    )
    fields = Fields(id="key", **{name: name for name in NOTHING})
    (_, nothing), (_, said) = read(file, fields)
    assert not any(nothing[:-3])
    assert nothing.others == (None,)
    assert all(value for field, value in zip(said._fields, said, strict=True) if field in NOTHING)
    assert not_understood(file, fields) == {}


@pytest.mark.parametrize("name", ["Na", "Null", "Nil", "X"])
def test_what_people_are_called_is_a_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / "in.csv"
    file.write_text(f"key,name\n1,{name}\n")
    ((_, person),) = read(file, Fields(id="key", family="name"))
    assert person.family == name.lower()


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
