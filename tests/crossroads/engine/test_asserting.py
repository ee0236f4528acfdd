"""What a person says of two records outranks all weights, shows first what comes of it, and can be taken back."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads import journal
from crossroads.engine.asserting import APART, SAME, Word, say, shown
from crossroads.errors import ConfigError
from crossroads.identity.online.doubtful import doubtful
from crossroads.testkit.memory import Memory

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
TOM = {"given": "Tom", "family": "Berg", "mail": "tom@berg.example", "city": "Ulm", "changed": FEB}
A, B = "crm/people/1", "erp/people/1"

pytestmark = pytest.mark.both_stores


def word(kind: str, a: str = A, b: str = B, *, withdrawn: bool = False) -> Word:
    return Word(a, b, kind, "Kim", "asked her", withdrawn)


def said(w: Any, system: str) -> dict[str, tuple[str, str]]:
    return {key: (one["given"], one["city"]) for key, one in w.systems[system].records["people"].items()}


@pytest.fixture
def two(world: Callable[..., Any], customer_plan: Any) -> Any:
    """Two people, each in one system."""
    w = world([customer_plan("erp", "crm", create="never")], erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "1", **TOM)
    w.sync()
    return w


@pytest.fixture
def one(world: Callable[..., Any], customer_plan: Any) -> Any:
    """One person in two systems, who are two: a couple that shares all but one letter."""
    w = world([customer_plan("erp", "crm", create="never")], erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "1", **{**ANN, "given": "Anna", "city": "Ulm", "changed": FEB})
    w.sync()
    assert w.who() == [[A, B]]
    return w


def test_it_is_shown_first_and_nothing_is_changed(two: Any) -> None:
    before = {
        name: two.rows(name) for name in ("Assertion", "Link", "Profile", "Entry", "Due", "Node", "Lineage")
    }
    found = shown(two.ws, word(SAME))
    assert [sorted(names) for names in found.persons.values()] == [[A, B]]
    assert {(one.record, one.path, one.then) for one in found.effects} >= {(B, "given_name", "Tom")}
    assert {name: two.rows(name) for name in before} == before


def test_what_was_shown_is_what_the_next_run_writes(two: Any) -> None:
    found = shown(two.ws, word(SAME))
    assert say(two.ws, word(SAME)) == found
    two.sync()
    assert two.who() == [[A, B]]
    assert said(two, "erp") == {"1": ("Tom", "Ulm")}
    assert two.writes() == 1


def test_who_is_told_apart_gets_back_what_each_said(one: Any) -> None:
    assert said(one, "erp") == {"1": ("Anna", "Ulm")}
    say(one.ws, word(APART))
    assert one.who() == [[A], [B]]
    one.sync()
    assert said(one, "erp") == {"1": ("Ann", "Bonn")}
    assert said(one, "crm") == {"1": ("Anna", "Ulm")}
    for name in ("erp", "crm"):
        one.systems[name].put("people", "1", mail="ann@lee.example", changed=MAR)
    one.sync(full=True)
    assert one.who() == [[A], [B]], "it survives every later run"


@pytest.mark.parametrize(("kind", "start"), [(SAME, "two"), (APART, "one")])
def test_a_word_is_taken_back_and_weights_decide_again(kind: str, start: str, request: Any) -> None:
    w = request.getfixturevalue(start)
    before = w.who()
    say(w.ws, word(kind))
    assert w.who() != before
    say(w.ws, word(kind, withdrawn=True))
    assert w.who() == before
    assert w.rows("Assertion") == []


def test_a_record_we_made_is_given_back_to_whom_it_was_made_for(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    (made,) = w.rows("Assertion")
    mine = word(APART, "crm/people/people-1", B)
    say(w.ws, mine)
    assert w.who() == [["crm/people/people-1"], [B]]
    say(w.ws, word(APART, "crm/people/people-1", B, withdrawn=True))
    assert [row["kind"] for row in w.rows("Assertion")] == [made["kind"]] == ["created"]
    assert w.who() == [["crm/people/people-1", B]]


def test_whom_others_tie_together_cannot_be_told_apart_in_silence(
    world: Callable[..., Any], customer_plan: Any
) -> None:
    w = world(
        [customer_plan("erp", "crm", "shop", create="never")], erp=Memory(), crm=Memory(), shop=Memory()
    )
    for name in w.systems:
        w.systems[name].put("people", "1", **{**ANN, "given": name.title(), "mail": f"{name}@x.example"})
    w.sync()
    say(w.ws, word(SAME, A, "shop/people/1"))
    say(w.ws, word(SAME, B, "shop/people/1"))
    before = w.rows("Assertion")
    with pytest.raises(ConfigError, match="stay one person"):
        say(w.ws, word(APART))
    assert w.rows("Assertion") == before
    assert w.who() == [[A, B, "shop/people/1"]]


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (A, "erp/people/9", "No customer's record erp/people/9 is known"),
        (A, "nonsense", "nonsense"),
        (A, A, "two different"),
    ],
)
def test_a_word_about_what_is_not_there_is_refused(two: Any, a: str, b: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        say(two.ws, word(SAME, a, b))
    with pytest.raises(ConfigError, match="Nobody said so"):
        say(two.ws, word(SAME, withdrawn=True))


def test_the_word_its_time_and_who_said_it_are_kept_and_in_the_journal(two: Any) -> None:
    say(two.ws, word(SAME))
    (row,) = two.rows("Assertion")
    assert (row["kind"], row["actor"], row["why"]) == ("must", "Kim", "asked her")
    assert row["at"]
    assert [entry["kind"] for entry in two.rows("Entry")][-1] == "must"
    with two.store.read() as db:
        assert list(journal.verify(db)) == []


def test_doubtful_pairs_are_listed_until_somebody_tells_them_apart(
    world: Callable[..., Any], customer_plan: Any
) -> None:
    w = world([customer_plan("erp", "crm", create="never")], erp=Memory(), crm=Memory())
    for name, mail in (("erp", "a@x.example"), ("crm", "zz@y.example")):
        w.systems[name].put(
            "people", "1", given="Ann", family="Lee", mail=mail, street="Hauptstraße 7", city="Berlin"
        )
    w.sync()
    with w.store.read() as db:
        (found,) = doubtful(db, 9)
    assert (found.a, found.b) == (A, B)
    assert 0 <= found.bits < w.ws.model.threshold
    say(w.ws, word(APART))
    with w.store.read() as db:
        assert doubtful(db, 9) == []
