"""Finding a profile by what is in it."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads.audit.profiles import LIMIT, find
from crossroads.testkit.memory import Memory

PEOPLE = {
    "1": {"given": "Jürgen", "family": "Müller", "mail": "jm@example.com", "city": "Köln"},
    "2": {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": 'The "Hague" 100%'},
}


@pytest.fixture
def known(world: Callable[..., Any]) -> Any:
    w = world(erp=Memory())
    for key, person in PEOPLE.items():
        w.systems["erp"].put("people", key, **person)
    w.sync()
    return w


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("müller", ["1"]),
        ("MÜLLER", ["1"]),
        ("LEE", ["2"]),
        ("example", ["1", "2"]),
        ("100%", ["2"]),
        ('"hague"', ["2"]),
        ("%", ["2"]),
        ("j_rgen", []),
        ("given_name", []),
        ("\\", []),
        ("nobody", []),
    ],
)
def test_a_text_is_found_in_values_in_capitals_or_not(known: Any, text: str, keys: list[str]) -> None:
    with known.store.read() as db:
        found = find(db, text)
    assert sorted(list(one.records) for one in found) == [[f"erp/people/{key}"] for key in keys]


def test_it_says_where_the_text_was_found(known: Any) -> None:
    with known.store.read() as db:
        (one,) = find(db, "lee")
    assert one.paths == ["emails.main.address", "family_name"]


def test_no_more_than_a_page_is_returned(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(page=100))
    for number in range(LIMIT + 5):
        w.systems["erp"].put("people", str(number), family="Lee", mail=f"p{number}@lee.example")
    w.sync()
    with w.store.read() as db:
        assert len(find(db, "lee")) == LIMIT
