"""A record that its system locks, or hides at the end of its purpose: left alone, made nowhere again, and no deletion."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from crossroads import engine
from crossroads.audit.explain import explain
from crossroads.audit.status import overview
from crossroads.engine.report import RunFailed
from crossroads.engine.survivorship import Policy, Rule, Survivorship
from crossroads.testkit.memory import Memory

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}


@pytest.fixture
def two(world: Callable[..., Any]) -> Any:
    """Ann, in the ERP, which locks and hides records and deletes none, and in the CRM."""
    w = world(erp=Memory(deletes="none", hides=True, blocked=("locked", "archived")), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    assert w.systems["crm"].value("people", "people-1", "given") == "Ann"
    return w


def lock(w: Any) -> None:
    w.systems["erp"].put("people", "1", archived=True, changed=FEB)


def hide(w: Any) -> None:
    w.hidden = w.systems["erp"].records["people"].pop("1")


def unlock(w: Any) -> None:
    w.systems["erp"].put("people", "1", archived=False, changed=MAR)


def unhide(w: Any) -> None:
    w.systems["erp"].records["people"]["1"] = w.hidden  # with its old change time


BLOCKS = [(lock, unlock, "archived"), (hide, unhide, "absent")]


def blocked(w: Any) -> dict[str, str]:
    return {f"{r['connection']}/{r['key']}": r["blocked"] for r in w.rows("Contribution") if r["blocked"]}


@pytest.mark.parametrize(("close", "release", "why"), BLOCKS)
def test_a_blocked_record_is_left_alone_and_restored_as_itself(
    two: Any, close: Any, release: Any, why: str
) -> None:
    before = {r["key"]: r["id"] for r in two.rows("Contribution")}, {r["profile"] for r in two.rows("Link")}
    close(two)
    two.sync(full=True)
    assert blocked(two) == {"erp/1": why}
    assert not any(r["gone"] for r in two.rows("Contribution")), "it is not counted as deleted"
    two.systems["crm"].put("people", "people-1", city="Ulm", changed=FEB)
    writes = two.writes()
    two.sync(full=True)
    assert two.writes() == writes, "nothing is sent to it, and it is not made again"
    two.sync(full=True)
    assert blocked(two) == {"erp/1": why}
    release(two)
    two.sync(full=True)
    assert blocked(two) == {}
    assert two.systems["erp"].value("people", "1", "city") == "Ulm", "it hears what it missed"
    after = {r["key"]: r["id"] for r in two.rows("Contribution")}, {r["profile"] for r in two.rows("Link")}
    assert after == before


def test_what_a_blocked_record_says_is_no_news_to_others(two: Any) -> None:
    two.systems["erp"].put("people", "1", locked=True, city="Nowhere", changed=FEB)
    writes = len(two.systems["crm"].writes)
    two.sync()
    assert len(two.systems["crm"].writes) == writes
    assert two.systems["crm"].value("people", "people-1", "city") == "Bonn"


def test_a_person_first_seen_blocked_is_made_nowhere_until_released(two: Any) -> None:
    new = {"given": "Bo", "family": "Ek", "mail": "bo@ek.example", "changed": FEB}
    two.systems["erp"].put("people", "2", **new, locked=True)
    two.sync()
    assert len(two.systems["crm"].records["people"]) == 1
    two.systems["erp"].put("people", "2", locked=False, changed=MAR)
    two.sync()
    assert sorted(r["given"] for r in two.systems["crm"].records["people"].values()) == ["Ann", "Bo"]


def test_a_blocked_record_that_does_not_change_changes_no_row(two: Any) -> None:
    hide(two)
    two.sync(full=True)
    before = {
        name: two.rows(name)
        for name in ("Contribution", "Profile", "Link", "Due", "Intent", "Parked", "Entry")
    }
    (summary,) = two.sync(full=True)
    after = {name: two.rows(name) for name in before}
    before.pop("Entry"), after.pop("Entry")  # the run's own
    assert after == before
    assert summary["members"]["erp.people"]["pull"]["read"] == 0


def test_many_that_vanish_at_once_wait_for_a_person_too(
    world: Callable[..., Any], customer_plan: Callable[..., Any]
) -> None:
    plan = customer_plan("erp", "crm", erp={"deletes": {"least": 1, "most": "10%"}})
    w = world([plan], erp=Memory(deletes="none", hides=True), crm=Memory())
    for number in range(3):
        w.systems["erp"].put(
            "people", str(number), **{**ANN, "given": f"P{number}", "mail": f"p{number}@lee.example"}
        )
    w.sync()
    w.systems["erp"].records["people"].clear()  # as when our user loses a right
    with pytest.raises(RunFailed, match="3 records"):
        w.sync(full=True)
    assert blocked(w) == {}


def test_explain_shows_which_record_is_blocked_and_by_what(two: Any) -> None:
    lock(two)
    two.sync()
    records = {one.address: one.blocked for one in explain(two.ws, "erp/people/1").records}
    assert records == {"erp/people/1": "archived", "crm/people/people-1": None}


def test_a_person_whose_blocked_record_is_seen_late_is_not_made_there_again(two: Any) -> None:
    two.systems["erp"].put(
        "people", "2", given="Bo", family="Ek", mail="bo@ek.example", city="Rome", locked=True, changed=JAN
    )
    two.systems["crm"].put("people", "b", given="Bo", family="Ek", mail="bo@ek.example", changed=FEB)
    writes = two.writes()
    two.sync()
    assert two.writes() == writes, "neither is he made in the ERP, nor does the CRM learn his city"
    two.systems["erp"].put("people", "2", locked=False, changed=MAR)
    two.sync()
    assert two.systems["crm"].value("people", "b", "city") == "Rome"
    assert len(two.systems["erp"].records["people"]) == 2


def test_the_word_of_a_blocked_record_stands_until_another_says_something_later(two: Any) -> None:
    two.systems["crm"].put("people", "people-1", city="Ulm", changed=FEB)
    two.sync()
    two.systems["erp"].put("people", "1", city="Rome", changed=MAR)
    two.sync()

    def golden(path: str) -> tuple[Any, str]:
        (found,) = [one for one in explain(two.ws, "erp/people/1").fields if one.path == path]
        return found.value, found.record

    assert golden("addresses.main.locality") == ("Rome", "erp/people/1")
    lock(two)
    writes = two.writes()
    two.sync()
    assert golden("addresses.main.locality") == ("Rome", "erp/people/1")
    assert two.writes() == writes, "a block is no reason to write anything"
    two.systems["crm"].put("people", "people-1", city="Oslo", changed="2026-04-01T00:00:00Z")
    two.sync()
    assert golden("addresses.main.locality") == ("Oslo", "crm/people/people-1")
    assert golden("given_name") == ("Ann", "erp/people/1")


def test_a_blocked_record_keeps_no_rank(two: Any) -> None:
    ranked = Rule(rule="ranked", systems=("erp", "crm"))
    policy = Policy(default=Rule(rule="newest"), fields={"addresses.main.locality": ranked})
    two.ws.survivorship = Survivorship({"customer": policy})
    lock(two)
    two.sync()
    two.systems["crm"].put("people", "people-1", city="Oslo", changed=MAR)
    two.sync()
    (profile,) = two.rows("Profile")
    assert json.loads(profile["document"])["addresses.main.locality"] == "Oslo"


def test_what_was_due_before_the_block_is_not_sent(two: Any) -> None:
    two.systems["crm"].put("people", "people-1", city="Ulm", changed=FEB)
    engine.begin(two.ws, two.plans[0], "half")
    engine.pull(two.ws, two.plans[0], "crm.people", "half")
    engine.match(two.ws, two.plans[0], "half")
    assert [row["connection"] for row in two.rows("Due")] == ["erp"]
    lock(two)
    two.sync()
    assert two.systems["erp"].value("people", "1", "city") == "Bonn"
    assert not two.rows("Due")


def test_status_counts_the_blocked_among_those_that_are_held(two: Any) -> None:
    lock(two)
    two.sync()
    with two.store.read() as db:
        counts = {view.name: (view.held, view.blocked) for view in overview(db, two.plans).streams}
    assert counts == {"erp.people": (1, 1), "crm.people": (1, 0)}


@pytest.mark.parametrize("how", ["locked", "hidden"])
def test_a_record_we_made_says_nothing_by_being_released(world: Callable[..., Any], how: str) -> None:
    w = world(
        erp=Memory(),
        crm=Memory(blocked=("locked",)) if how == "locked" else Memory(deletes="none", hides=True),
    )
    crm = w.systems["crm"]
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    ((key, made),) = crm.records["people"].items()
    if how == "locked":
        crm.put("people", key, locked=True)
    else:
        crm.records["people"].pop(key)
    w.sync(full=True)
    w.systems["erp"].put("people", "1", mail="new@lee.example", changed=FEB)
    w.sync(full=True)
    if how == "locked":
        crm.put("people", key, locked=False)
    else:
        crm.records["people"][key] = made
    for _ in range(2):
        w.sync(full=True)
    assert w.systems["erp"].value("people", "1", "mail") == "new@lee.example"
    assert crm.value("people", key, "mail") == "new@lee.example", "and hears what it missed"
