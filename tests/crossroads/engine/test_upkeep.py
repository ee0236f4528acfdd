"""What happens between the syncs: what can go on goes on, what is old is dropped."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine import refusals, upkeep
from crossroads.plan import Plan
from crossroads.store.clock import later, now
from crossroads.testkit.memory import Memory

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": "2026-01-01T00:00:00Z"}
HOUR, DAY = 3600.0, 86_400.0


def hours_later(w: Any, hours: float) -> Any:
    """Let time pass for the workspace."""
    w.ws = w.workspace(clock=lambda: later(now(), hours * HOUR))
    return w.ws


@pytest.fixture
def refused(world: Callable[..., Any]) -> Any:
    """Ann cannot be written to the CRM, which is locked."""
    w = world(erp=Memory(), crm=Memory(refuse=lambda record: "LOCKED"))
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    return w


def test_a_refused_write_is_tried_again_after_an_hour_and_heals(refused: Any) -> None:
    assert upkeep.retry(refused.ws) == 0
    assert upkeep.retry(hours_later(refused, 2)) == 1
    refused.systems["crm"].refuse = lambda record: None
    refused.sync()
    assert not refused.rows("Rejected")
    assert len(refused.systems["crm"].records["people"]) == 1
    assert upkeep.retry(hours_later(refused, 4)) == 0


def test_a_write_that_is_refused_again_and_again_is_given_up(refused: Any) -> None:
    tries = 1
    for night in range(1, 10):
        tries += upkeep.retry(hours_later(refused, 24.0 * night))
        refused.sync()
    assert tries == refusals.TRIES
    assert [row["state"] for row in refused.rows("Intent")] == ["rejected"] * refusals.TRIES
    (row,) = refused.rows("Rejected")
    assert "LOCKED" in row["reasons"]


def test_a_profile_that_changed_is_a_new_write_and_counts_anew(refused: Any) -> None:
    for night in range(1, 10):
        upkeep.retry(hours_later(refused, 24.0 * night))
        refused.sync()
    refused.systems["erp"].put("people", "1", family="Ek", changed="2026-05-01T00:00:00Z")
    refused.sync()
    assert upkeep.retry(hours_later(refused, 24.0 * 20)) == 1


def test_what_the_mapping_cannot_say_is_tried_again_with_another_mapping_only(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **{**ANN, "family": "x" * 41})
    w.sync()
    assert upkeep.retry(hours_later(w, 48)) == 0
    w.ws.lenses["crm", "people"].version = "another"
    assert upkeep.retry(w.ws) == 1
    assert [(row["connection"], row["stream"]) for row in w.rows("Due")] == [("crm", "people")]


def test_a_refusal_that_came_right_in_another_way_is_forgotten(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **ANN)
    w.sync()
    w.systems["crm"].refuse = lambda record: "LOCKED"
    w.systems["erp"].put("people", "1", family="Ek", changed="2026-05-01T00:00:00Z")
    w.sync()
    assert refusals.forget(w.ws) == 0
    w.systems["erp"].put("people", "1", family="Lee", changed="2026-06-01T00:00:00Z")
    w.sync()
    assert len(w.rows("Rejected")) == 1
    assert refusals.forget(w.ws) == 1
    assert not w.rows("Rejected")


def test_a_refused_create_is_forgotten_once_the_person_was_found_there(refused: Any) -> None:
    assert refusals.forget(refused.ws) == 0
    refused.systems["crm"].put("people", "a", **ANN)
    refused.sync()
    assert len(refused.rows("Rejected")) == 1
    assert refusals.forget(refused.ws) == 1
    assert not refused.rows("Rejected")


def test_what_waits_for_a_parent_is_released_once_it_has_come(
    world: Callable[..., Any], customer_plan: Any
) -> None:
    between = [{"connection": "shop", "stream": "orders"}]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    people = customer_plan("shop")
    w = world([people, orders], shop=Memory())
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="7", status="open")
    w.sync()
    assert upkeep.release(w.ws) == 0
    w.systems["shop"].put("people", "7", **ANN)
    w.run(people)
    assert upkeep.release(w.ws) == 1
    assert not w.rows("Parked")
    engine.begin(w.ws, orders, "again")
    engine.match(w.ws, orders, "again")
    assert len(w.rows("Profile")) == 2


def test_retention_drops_old_writes_and_steps_and_keeps_what_is_needed(refused: Any) -> None:
    refused.systems["crm"].refuse = lambda record: "LOCKED" if record.get("given") == "Ann" else None
    refused.systems["erp"].put("people", "2", given="Bo", family="Ek", mail="bo@ek.example")
    refused.sync()
    refused.sync()
    journal = refused.rows("Entry")
    assert upkeep.retention(refused.ws) == 0
    ws = hours_later(refused, 24 * 401)
    assert upkeep.retention(ws) == 1
    assert [row["state"] for row in refused.rows("Intent")] == ["rejected"]  # its refusal is still listed
    assert {row["run"] for row in refused.rows("Step")} == {"run-3"}  # the newest of each stream
    assert refused.rows("Entry") == journal
    assert upkeep.retention(ws) == 0


def test_upkeep_with_nothing_to_do_changes_no_row(refused: Any) -> None:
    names = (
        "Profile",
        "Contribution",
        "Link",
        "Due",
        "Intent",
        "Rejected",
        "Parked",
        "Step",
        "Page",
        "Run",
        "Entry",
    )
    before = {name: refused.rows(name) for name in names}
    for work in (upkeep.release, upkeep.retry, upkeep.retention, upkeep.forget, upkeep.close, upkeep.verify):
        work(refused.ws)
    assert {name: refused.rows(name) for name in names} == before
