"""Doubtful pairs are put to a steward by Airflow, with both records on a page of the console, and answers are carried out."""

from typing import Any

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]


@pytest.fixture
def said(airflow: dict[str, Any]) -> dict[str, Any]:
    """What became of three pairs: one person, two people, and nobody knows."""
    found: dict[str, Any] = airflow["stewards"]
    return found


def test_every_doubtful_pair_is_put_as_one_question(said: dict[str, Any]) -> None:
    assert said["green"]
    assert len(said["subjects"]) == 3
    assert said["subjects"][0] == "Are left/people/10 and right/people/10 one person?"


def test_a_question_shows_the_waterfall_and_what_each_system_would_be_told(said: dict[str, Any]) -> None:
    body = said["bodies"][0]
    assert "| family | equal |" in body
    assert "- `left/people/10` is told: `emails.main.address`." in body
    assert f"](/crossroads/{said['links'][0]})" in body


def test_what_a_system_calls_a_record_is_no_template_and_no_markup(said: dict[str, Any]) -> None:
    assert "{{ 7*7 }}" in said["subjects"][2]
    assert "`left/people/{{ 7*7 }}/[x](y)'`" in said["bodies"][2]


def test_an_answer_is_carried_out_with_who_gave_it_and_when(said: dict[str, Any]) -> None:
    words = {word["a"]: (word["kind"], word["actor"], word["why"]) for word in said["words"]}
    assert words == {
        "left/people/10": ("must", "admin", "They were asked"),
        "left/people/11": ("cannot", "admin", "They were asked"),
    }
    assert all(word["at"] for word in said["words"])


def test_only_who_was_not_decided_is_still_doubtful(said: dict[str, Any]) -> None:
    assert said["after"]["links"] == [said["links"][2]]
    assert "These two records are not there" in said["after"]["gone"]


def test_who_may_only_look_sees_the_pairs_and_cannot_answer(said: dict[str, Any]) -> None:
    assert said["anonymous"] == 401
    assert said["codes"] == [[403, 200]] * 3


def test_the_page_shows_both_records_what_speaks_for_it_and_what_would_be_written(
    said: dict[str, Any],
) -> None:
    page = said["pages"][0]
    assert (
        '<tr class="differs"><td>emails.main.address</td><td>left.Ottoline@post.example</td>'
        "<td>right.Ottoline@post.example</td></tr>" in page
    )
    assert "<td>apellido</td><td>igual</td>" in page
    assert "<td>left/people/10</td><td>emails.main.address</td><td>left.Ottoline@post.example</td>" in page


def test_no_value_of_the_records_is_in_airflows_files(said: dict[str, Any]) -> None:
    for value, files in said["found in files"].items():
        assert files == [], value
