"""A doubtful pair is put to a person with what speaks for it and what comes of it; what was shown is what an answer does."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads.audit.show_question import markdown, sides, subject
from crossroads.audit.spoken import Speaker
from crossroads.engine.asserting import APART, SAME, Moved, Word, say
from crossroads.engine.questions import Question, questions
from crossroads.testkit.memory import Memory

A, B = "crm/people/1", "erp/people/1"
ANN = {"given": "Ann", "family": "Lee", "street": "Hauptstraße 7", "city": "Berlin"}

pytestmark = pytest.mark.both_stores


@pytest.fixture
def doubt(world: Callable[..., Any], customer_plan: Any) -> Any:
    """Two records of one name and door, and nothing else in common."""
    w = world(
        [customer_plan("erp", "crm", "shop", create="never")], erp=Memory(), crm=Memory(), shop=Memory()
    )
    w.systems["erp"].put("people", "1", mail="a@x.example", **ANN)
    w.systems["crm"].put("people", "1", mail="zz@y.example", **ANN)
    w.systems["shop"].put("people", "7", mail="a@x.example", given="Ann", family="Lee")
    w.sync()
    return w


def asked(w: Any) -> Question:
    return next(one for one in questions(w.ws, 9) if (one.doubt.a, one.doubt.b) == (A, B))


def word(kind: str) -> Word:
    return Word(A, B, kind, "kim", "They were asked")


def test_a_question_says_what_the_weight_is_made_of_and_what_each_system_would_be_told(doubt: Any) -> None:
    one = asked(doubt)
    assert sum(row.bits for row in one.rows) == pytest.approx(one.doubt.bits, abs=1e-6)
    assert {(effect.record, effect.path) for effect in one.outcome.effects} == {(A, "emails.main.address")}
    assert [sorted(names) for names in one.outcome.persons.values()] == [[A, B, "shop/people/7"]]


def test_what_was_shown_is_what_an_answer_does(doubt: Any) -> None:
    one = asked(doubt)
    assert say(doubt.ws, word(SAME), one.outcome.mark) == one.outcome
    assert questions(doubt.ws, 9) == []


def test_an_answer_to_what_has_changed_meanwhile_does_nothing(doubt: Any) -> None:
    mark = asked(doubt).outcome.mark
    say(doubt.ws, Word(B, "shop/people/7", APART, "kim", "They were asked"))
    before = doubt.rows("Assertion")
    with pytest.raises(Moved, match=f"{A} and {B}"):
        say(doubt.ws, word(SAME), mark)
    assert doubt.rows("Assertion") == before
    assert asked(doubt).outcome.mark != mark


def test_an_answer_carried_out_twice_is_one_answer(doubt: Any) -> None:
    mark = asked(doubt).outcome.mark
    say(doubt.ws, word(SAME), mark)
    before = [doubt.rows(name) for name in ("Assertion", "Entry", "Profile")]
    say(doubt.ws, word(SAME), mark)
    assert [doubt.rows(name) for name in ("Assertion", "Entry", "Profile")] == before


def test_whom_somebody_told_apart_nobody_is_asked_about_again(doubt: Any) -> None:
    say(doubt.ws, word(APART))
    assert questions(doubt.ws, 9) == []


def test_one_pair_can_be_asked_for_by_its_numbers_in_either_order(doubt: Any) -> None:
    one = asked(doubt)
    a, b = one.doubt.numbers
    assert questions(doubt.ws, 1, (a, b)) == questions(doubt.ws, 1, (b, a)) == [one]
    assert questions(doubt.ws, 1, (a, a)) == []


def test_a_pair_whose_stream_no_sync_names_any_more_is_not_asked_about(doubt: Any) -> None:
    doubt.ws.entities.pop(("crm", "people"))
    assert questions(doubt.ws, 9) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_airflow_is_given_of_a_question_names_no_value_of_a_person(doubt: Any, language: str) -> None:
    one = asked(doubt)
    told = subject(one.doubt, Speaker(language)) + markdown(
        one, Speaker(language), "/crossroads/doubtful/1-2"
    )
    for value in ("Ann", "Lee", "x.example", "Haupt", "Berlin"):
        assert value.lower() not in told.lower()
    assert f"`{A}`" in told
    assert "`emails.main.address`" in told
    assert "](/crossroads/doubtful/1-2)" in told


def test_the_page_shows_what_both_records_hold(doubt: Any) -> None:
    with doubt.store.read() as db:
        shown = {path: (a, b) for path, a, b in sides(db, asked(doubt))}
    assert shown["emails.main.address"] == ("zz@y.example", "a@x.example")
    assert shown["given_name"] == ("Ann", "Ann")
