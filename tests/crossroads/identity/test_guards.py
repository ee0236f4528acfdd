"""Who is one person by the model that is shipped, and what never makes two people one."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from crossroads.identity.blocking import LIMIT
from crossroads.identity.document import statements
from crossroads.identity.model import Model
from crossroads.identity.online import Register
from crossroads.identity.person import Said
from crossroads.identity.said import MOST, read, remembered, written

IDENTITY = [
    "emails.main.address",
    "emails.work.address",
    "phones.mobile.number",
    "identifiers.erp",
    "services.mastodon.user",
    "tax_id",
]
PATHS = {
    "given": "given_name", "family": "family_name", "family2": "family_name2", "born": "birth_date",
    "mail": "emails.main.address",
    "work": "emails.work.address", "mobile": "phones.mobile.number", "street": "addresses.main.street",
    "code": "addresses.main.postal_code", "city": "addresses.main.locality", "erp": "identifiers.erp",
    "social": "services.mastodon.user", "firm": "legal_name", "kind": "kind", "tax": "tax_id",
}  # fmt: skip
KINDS = {"email", "phone"}
LEE = {"given": "Ann", "family": "Lee"}
ANN = {**LEE, "mail": "ann@lee.example"}
MAIL = {"mail": "a@b.example"}
PHONE = {"mobile": "+4915112345678"}
DOOR = {"street": "Hauptstraße 7", "code": "10115", "city": "Berlin"}
FIRM = {"kind": "organization", "firm": "Lee Tools GmbH"}


def says(**fields: str) -> Said:
    return tuple(statements({PATHS[name]: value for name, value in fields.items()}, IDENTITY))


def persons(world: Any, *records: dict[str, str]) -> list[list[int]]:
    """Return the persons of records by their places."""
    w, register = world(), Register(Model.shipped())
    with w.store.write(("customer",)) as db:
        groups = register.put(db, {f"crm/people/{n}": says(**one) for n, one in enumerate(records)})
    return sorted(sorted(int(name.rpartition("/")[2]) for name in group.addresses) for group in groups)


@pytest.mark.parametrize(
    "nothing",
    [
        {"mail": "none@none.example"},
        {"mobile": "+49 000 0000000"},
        {"tax": "N/A"},
        {**FIRM, "firm": "N/A", "code": "10115"},
    ],
)
def test_what_stands_for_nothing_makes_nobody_one(world: Any, nothing: dict[str, str]) -> None:
    others = [{"given": "Ann", "family": family} for family in ("Smith", "Koch")]
    assert persons(world, *(one | nothing for one in others)) == [[0], [1]]


def test_the_second_and_the_third_of_one_name_are_two(world: Any) -> None:
    john = {"given": "John", "family": "Smith", **PHONE, **DOOR}
    assert persons(world, john | {"family2": "II"}, john | {"family2": "III"}) == [[0], [1]]


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"given": "A."},
        {"given": "Anne", "family": "LEE"},
        {"family": "Schmidt"},
        {"given": "", "family": ""},
        {"mail": "other@x.example", "work": ANN["mail"]},
    ],
    ids=["same", "initial", "spelling", "married name", "no name", "second address"],
)
def test_who_shares_a_declared_address_is_one_unless_the_names_contradict(
    world: Any, other: dict[str, str]
) -> None:
    assert persons(world, ANN, {**ANN, **other}) == [[0, 1]]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (ANN, {**ANN, "given": "Peter"}),
        ({**ANN, "born": "1950-03-04"}, {**ANN, "born": "1981-07-21"}),
        ({"given": "Ann", "family": "Lee"}, {"given": "Ann", "family": "Lee"}),
        (ANN, {"given": "Ann", "family": "Lee", "mail": "other@x.example"}),
        ({"given": "Ann", **PHONE, **DOOR, "family": "Lee"}, {"given": "Eva", **PHONE, **DOOR, "family": "Lee"}),
        ({"given": "Ann", "family": "Lee", "social": "x@m.example"}, {"social": "x@m.example"}),
        ({**FIRM, **MAIL}, {"given": "Ann", "family": "Lee", **MAIL}),
        ({**FIRM, **MAIL}, {**FIRM, "firm": "Berg Logistik AG", **MAIL}),
        (FIRM, FIRM),
        ({**ANN, "tax": "B-12 345 678"}, {**ANN, "tax": "X87654321"}),
        ({**LEE, **DOOR, "tax": "12345678"}, {**LEE, **DOOR, "tax": "98761234"}),
        ({**LEE, "tax": "12345678"}, {"given": "Tom", "family": "Berg", "tax": "12345678"}),
        ({**FIRM, **MAIL, "tax": "DE123456789"}, {**FIRM, **MAIL, "tax": "DE987654321"}),
        (
            {**LEE, **PHONE, **DOOR, "born": "1950-03-04"},
            {**LEE, **PHONE, **DOOR, "born": "1981-07-21"},
        ),
        ({"given": "Ann", "family": "Lee Sr.", **PHONE}, {"given": "Ann", "family": "Lee Junior", **PHONE}),
        ({"given": "Ann", "family": "Lee II", **MAIL}, {"given": "Ann", "family": "Lee III", **MAIL}),
    ],
    ids=["shared mailbox", "father and son", "namesakes", "namesakes with addresses", "household", "an account alone",
         "a firm and its clerk", "two firms", "a firm's name alone",
         "one mailbox, two tax numbers", "one door, two tax numbers", "a tax number of somebody else's",
         "two firms of one name", "father and son at one door", "junior and senior", "the second and the third"],
)  # fmt: skip
def test_two_people_stay_two(world: Any, a: dict[str, str], b: dict[str, str]) -> None:
    assert persons(world, a, b) == [[0], [1]]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"given": "Ann", "family": "Lee", **DOOR}, {"given": "Ann", "family": "Lee", **DOOR}),
        ({"given": "Ann", "family": "Lee", "born": "1981-07-21"}, {"given": "Anna", "family": "Lee", "born": "1981-07-21"}),
        (
            {"given": "Marta", "family": "Suárez López", **PHONE},
            {"given": "Marta", "family": "Iglesias Delgado", **PHONE},
        ),
        ({"erp": "1000042", "given": "Ann"}, {"erp": "1000042", "family": "Schmidt"}),
        ({**ANN, "social": "x@m.example"}, {"given": "Ann", "social": "x@m.example"}),
        ({**FIRM, **MAIL}, {"kind": "organization", "firm": "Lee Tools", **MAIL}),
        ({"tax": "B-12.345.678"}, {"given": "Ann", "family": "Lee", "tax": "b12345678"}),
        ({"given": "Ann", "family": "Lee", "tax": "B12345678"}, {"given": "Ann", "family": "Schmidt", "tax": "B12345678"}),
        ({**FIRM, "tax": "DE123456789"}, {"kind": "organization", "firm": "Lee Tools", "tax": "DE 123 456 789"}),
        ({**FIRM, "erp": "7"}, {"kind": "organization", "firm": "Berg Holding", "erp": "7"}),
        ({"given": "Ann", "family": "Lee Jr.", **PHONE}, {"given": "Ann", "family": "Lee Junior", **PHONE}),
        ({"given": "Ann", "family": "Lee Jr.", **PHONE}, {"given": "Ann", "family": "Lee", **PHONE}),
    ],
    ids=["name and door", "name and birthday", "two married names", "a number of the ERP", "an account and a name", "a firm",
         "a tax number", "married with a tax number", "a firm's tax number",
         "a firm's number", "junior in two spellings", "who leaves out the junior"],
)  # fmt: skip
def test_one_person_is_found_without_a_shared_address(
    world: Any, a: dict[str, str], b: dict[str, str]
) -> None:
    assert persons(world, a, b) == [[0, 1]]


def test_a_shared_mailbox_gives_the_nameless_to_nobody(world: Any) -> None:
    anna, peter = (
        {**MAIL, "given": "Anna", "family": "Müller"},
        {**MAIL, "given": "Peter", "family": "Müller"},
    )
    assert persons(world, anna, peter, anna, MAIL) == [[0, 2], [1], [3]]


def test_who_could_be_one_of_two_people_is_no_bridge_between_them(world: Any) -> None:
    anna, peter = {**MAIL, "given": "Anna", "family": "Müller"}, {**PHONE, "given": "Peter", "family": "Berg"}
    assert persons(world, anna, MAIL | PHONE, peter) == [[0], [1], [2]]
    assert persons(world, anna, MAIL | PHONE | {"given": "Anna"}, peter) == [[0, 1], [2]]


@pytest.mark.parametrize(
    "shared", [MAIL, PHONE | DOOR, MAIL | PHONE], ids=["mailbox", "telephone and door", "both"]
)
def test_a_record_without_a_birth_date_makes_father_and_son_no_one_person(
    world: Any, shared: dict[str, str]
) -> None:
    father, son, either = (
        LEE | shared | {"born": "1950-03-04"},
        LEE | shared | {"born": "1981-07-21"},
        LEE | shared,
    )
    for records in itertools.permutations((father, son, either)):
        found = persons(world, *records)
        assert not any({records.index(father), records.index(son)} <= {*one} for one in found), found
    assert [0, 2] in persons(world, father, son, father, son)


@pytest.mark.parametrize("shared", [MAIL, PHONE, {"erp": "0"}], ids=["mailbox", "switchboard", "placeholder"])
def test_what_too_many_carry_is_nobodys(world: Any, shared: dict[str, str]) -> None:
    assert persons(world, *[shared] * LIMIT) == [list(range(LIMIT))]
    assert len(persons(world, *[shared] * (LIMIT + 1))) == LIMIT + 1


def test_a_number_that_too_many_carry_speaks_for_nobody_whom_names_bring_together(world: Any) -> None:
    crowd = [{"erp": "0", "given": "Ann", "family": "Lee", "mail": f"a{n}@b.example"} for n in range(2)]
    crowd += [{"erp": "0", "mail": f"{n}.x@y.example"} for n in range(LIMIT)]
    assert persons(world, *crowd)[:2] == [[0], [1]]


def test_what_a_record_said_before_counts_until_it_is_somebody_elses() -> None:
    ann = says(**ANN)
    moved = remembered(says(**{**ANN, "mail": "new@lee.example"}), ann, KINDS)
    assert [one.email for one in moved] == ["new@lee.example", "ann@lee.example"]
    assert set(moved[0].keys) == {"email:new@lee.example", "email:ann@lee.example"}
    assert remembered(says(**ANN, **DOOR), ann, KINDS) == says(**ANN, **DOOR), "who says more says it all"
    peter = says(given="Peter", mail="p@x.example")
    assert remembered(peter, moved, KINDS) == peter
    assert remembered(moved, (), {"phone"})[0].keys == (), (
        "its mapping does not say any more that they identify"
    )


def test_of_many_statements_the_newest_are_kept_and_every_key() -> None:
    said: Said = ()
    for n in range(MOST + 3):
        said = remembered(says(given="Ann", mail=f"a{n}@x.example"), said, KINDS)
    assert [one.email for one in said] == [f"a{n}@x.example" for n in range(MOST + 2, 2, -1)]
    assert len(said[0].keys) == MOST + 3


@pytest.mark.parametrize(
    "said", [(), says(**ANN), says(**ANN, **DOOR, work="b@c.example", erp="1"), says(**FIRM)]
)
def test_what_was_said_is_read_as_it_was_written(said: Sequence[Any]) -> None:
    assert read(written(tuple(said))) == said
