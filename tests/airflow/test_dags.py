"""The DAGs this repository ships, and a sync between two systems of a third party, run by a real Airflow."""

from typing import Any

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]

SYNCS = ("customers", "orders", "conversations")


def test_every_dag_parses_quickly_and_imports_no_system(airflow: dict[str, Any]) -> None:
    shipped = airflow["shipped"]
    assert shipped["errors"] == {}
    assert set(shipped["dags"]) == {*SYNCS, "upkeep", "reconcile", "stewards"}
    assert shipped["seconds"] < 5
    assert shipped["systems imported"] == []


def test_every_dag_has_an_owner_and_every_task_is_tried_again_soon(airflow: dict[str, Any]) -> None:
    for dag in airflow["shipped"]["dags"].values():
        assert dag["owner"] not in ("", "airflow")
        for name, task in dag["tasks"].items():
            assert task["retries"] >= 1, name
            assert task["delay"] <= 60, name


@pytest.mark.parametrize("sync", SYNCS)
def test_tasks_of_one_system_share_its_pool(airflow: dict[str, Any], sync: str) -> None:
    tasks = airflow["shipped"]["dags"][sync]["tasks"]
    members = {name: task for name, task in tasks.items() if name.startswith(("pull.", "push."))}
    assert members
    for name, task in members.items():
        assert task["pool"] == name.split(".")[1]


def test_what_one_system_knows_reaches_the_other(airflow: dict[str, Any]) -> None:
    assert airflow["green"]["green"]
    assert airflow["right after"]["1"]["last"] == "Byron"
    assert airflow["green"]["summary"]["members"]["right.people"]["push"]["applied"] == 1


def test_a_dead_system_makes_the_run_red_and_is_named_while_the_other_is_synchronised(
    airflow: dict[str, Any],
) -> None:
    red = airflow["red"]
    assert not red["green"]
    assert red["state"] == "failed"
    assert [problem.split(":")[0] for problem in red["summary"]["problems"]] == ["left.people"]
    assert red["steps"]["pull left.people"] == "failed"
    assert red["steps"]["pull right.people"] == red["steps"]["push right.people"] == "finished"


def test_when_the_system_answers_again_the_next_run_is_green_and_nothing_is_sent_twice(
    airflow: dict[str, Any],
) -> None:
    again = airflow["green again"]
    assert again["green"]
    assert all(member["push"]["applied"] == 0 for member in again["summary"]["members"].values())


def test_airflows_run_and_attempts_are_tied_to_the_run_in_the_store(airflow: dict[str, Any]) -> None:
    said = airflow["red"]["airflow"]
    assert said["dag"] == "people"
    assert said["run"].startswith("manual__")
    assert said["tasks"]["pull.left.people"] == {"attempt": 3, "state": "failed"}
    assert said["tasks"]["pull.right.people"] == {"attempt": 1, "state": "success"}
    assert said["tasks"]["report"] == {"attempt": 1, "state": "failed"}


def test_check_says_before_a_run_which_system_does_not_answer(airflow: dict[str, Any]) -> None:
    good, _ = airflow["check"]
    assert good
    good, shown = airflow["check without left"]
    assert not good
    (no,) = [line for line in shown.splitlines() if line.startswith("no")]
    assert "left: answers and knows us" in no
    assert "The notebook does not answer." in no


def test_an_error_nobody_foresaw_is_named_without_its_message(airflow: dict[str, Any]) -> None:
    assert not airflow["odd"]["green"]
    assert airflow["odd"]["steps"]["pull left.people"] == "failed"
    assert "ValueError at connector.py" in airflow["printed"]


def test_no_value_of_a_record_is_printed_kept_by_airflow_or_logged(airflow: dict[str, Any]) -> None:
    for value in ("Byron", "ada@example.org"):
        assert value not in airflow["printed"]
        assert airflow["found in files"][value] == []


def test_the_connection_form_has_a_field_for_every_setting_of_an_installed_system(
    airflow: dict[str, Any],
) -> None:
    assert "crossroads_notebook" in airflow["types"]["hooks"]
    assert airflow["types"]["notebook"] == ["extra__crossroads_notebook__overlay"]
