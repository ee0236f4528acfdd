"""Other rules of who wins: everybody is settled anew, though nobody says anything new, and nothing that was said is lost."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads.engine import resettling, reviews
from crossroads.engine.survivorship import Policy, Rule, Survivorship
from crossroads.testkit.memory import Memory

pytestmark = pytest.mark.both_stores
JAN, FEB = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2))
SHIPPED = Survivorship.shipped()
COUNT = 7


def ruled(rule: str, *systems: str) -> Survivorship:
    """Return the shipped rules with another one for the customers' cities."""
    cities = Policy(
        default=Rule(rule="newest"), fields={"addresses.main.locality": Rule(rule=rule, systems=systems)}
    )
    return Survivorship({**SHIPPED.policies, "customer": cities})


def cities(w: Any, system: str) -> set[str]:
    return {one["city"] for one in w.systems[system].records["people"].values()}


def golden(w: Any) -> list[str]:
    return sorted(row["document"] for row in w.rows("Profile"))


@pytest.fixture
def w(world: Callable[..., Any], customer_plan: Any) -> Any:
    """Some people of whom two systems say two cities, the newer in the CRM."""
    w = world([customer_plan("erp", "crm", create="never")], erp=Memory(), crm=Memory())
    for name, city, at in (("erp", "Ulm", JAN), ("crm", "Bonn", FEB)):
        for number in range(COUNT):
            mail = f"{number}@x.example"
            w.systems[name].put("people", f"{number}", given="Ann", mail=mail, city=city, changed=at)
    w.ws.survivorship = ruled("newest")
    w.sync()
    assert cities(w, "erp") == cities(w, "crm") == {"Bonn"}
    return w


def test_the_next_run_tells_what_wins_by_the_new_rules_and_back_again(w: Any) -> None:
    before = golden(w)
    w.ws.survivorship = ruled("ranked", "erp", "crm")
    w.sync()
    assert cities(w, "erp") == cities(w, "crm") == {"Ulm"}
    w.ws.survivorship = ruled("newest")
    w.sync()
    assert cities(w, "erp") == cities(w, "crm") == {"Bonn"}
    assert golden(w) == before


@pytest.mark.parametrize("rule", ["longest_standing", "most_complete", "ask"])
def test_no_rule_loses_what_was_said(w: Any, rule: str) -> None:
    before = golden(w)
    w.ws.survivorship = ruled(rule)
    w.sync()
    w.ws.survivorship = ruled("newest")
    w.sync()
    assert golden(w) == before


def test_by_the_same_rules_nothing_is_settled(w: Any) -> None:
    profiles, writes = w.rows("Profile"), w.writes()
    settled = [entry for entry in w.rows("Entry") if entry["kind"] == "settle"]
    assert resettling.resettle(w.ws, "customer", "later") == 0
    w.sync()
    assert [entry for entry in w.rows("Entry") if entry["kind"] == "settle"] == settled
    assert (w.rows("Profile"), w.writes()) == (profiles, writes)


def test_killed_on_the_way_the_next_attempt_settles_all(w: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resettling, "CHUNK", 2)
    w.ws.survivorship = ruled("ranked", "erp", "crm")
    real, left = w.ws.clock, iter([1, 2])

    def dying() -> str:
        next(left)
        return real()

    w.ws.clock = dying
    with pytest.raises(StopIteration):
        resettling.resettle(w.ws, "customer", "killed")
    assert len({"Ulm" in document for document in golden(w)}) == 2, "some are settled, some are not"
    w.ws.clock = real
    w.sync()
    assert cities(w, "erp") == cities(w, "crm") == {"Ulm"}


def test_what_no_rule_asks_any_more_waits_for_nobody(w: Any) -> None:
    w.ws.survivorship = ruled("ask")
    w.sync()
    with w.store.read() as db:
        assert len(reviews.cases(db)) == COUNT
    w.ws.survivorship = ruled("newest")
    w.sync()
    with w.store.read() as db:
        assert reviews.cases(db) == []
