"""Customers of several systems become one person by all they say, and stay one whatever is edited later."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads.store.session import table
from crossroads.store.tables import Block
from crossroads.testkit.memory import Memory

JAN, FEB, MAR, APR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3, 4))
ANN = {"given": "Ann", "family": "Lee", "street": "Hauptstraße 7", "city": "Berlin", "changed": JAN}

pytestmark = pytest.mark.both_stores


def one_person(w: Any) -> bool:
    return len(w.rows("Profile")) == 1 and all(len(s.records["people"]) == 1 for s in w.systems.values())


def test_two_records_that_share_no_address_are_one_by_name_and_door(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    w.systems["erp"].put("people", "1", **ANN, mail="ann@lee.example")
    w.systems["crm"].put("people", "a", **{**ANN, "street": "Hauptstr. 7", "mobile": "+4915112345678"})
    w.sync()
    assert one_person(w)
    (made,) = w.systems["shop"].records["people"].values()
    assert (made["mail"], made["mobile"]) == ("ann@lee.example", "+4915112345678")


def test_one_person_stays_one_however_much_is_edited_in_one_system(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    for name in ("erp", "crm"):
        w.systems[name].put("people", "1", **ANN)
    w.sync()
    for when, edit in (
        (FEB, {"family": "Berg"}),
        (MAR, {"street": "Am Markt 1", "city": "Ulm"}),
        (APR, {"mail": "a@b.example"}),
    ):
        w.systems["crm"].put("people", "1", **edit, changed=when)
        w.sync()
        assert one_person(w), edit
    assert w.systems["erp"].value("people", "1", "family") == "Berg"
    assert w.systems["erp"].value("people", "1", "city") == "Ulm"


def test_somebody_known_before_a_release_that_makes_other_keys_is_found_after_it(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN, mail="ann@lee.example")
    w.sync()
    with w.store.write() as db:
        db.execute(table(Block).delete())
    w.systems["crm"].put("people", "a", **ANN, mail="ann@lee.example")
    w.sync()
    assert len(w.rows("Profile")) == 1
