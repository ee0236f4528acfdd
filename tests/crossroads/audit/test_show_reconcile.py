"""What a comparison with the systems looks like on the terminal."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from crossroads import engine
from crossroads.audit import show, show_reconcile
from crossroads.audit.status import overview
from crossroads.engine.reconcile_found import Report
from crossroads.engine.reconcile_rows import standing
from crossroads.testkit.memory import Memory

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": "2026-01-01T00:00:00Z"}


def printed(show_it: Callable[[Console], Any]) -> str:
    out = StringIO()
    show_it(Console(file=out, width=300))
    return out.getvalue()


@pytest.fixture
def apart(world: Callable[..., Any]) -> Any:
    """Ann changed her name in the CRM, which nobody read yet; the shop does not answer."""
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["crm"].put("people", "people-1", family="Poe", changed="2026-02-01T00:00:00Z")
    w.systems["shop"].down = True
    return w


def compared(w: Any, *, repair: bool = False) -> tuple[str, Report]:
    report = engine.reconcile(w.ws, w.plans[0], repair=repair)
    return printed(lambda console: show_reconcile.compared(console, [report])), report


def test_one_line_says_whether_all_agree_and_the_rest_where_not(apart: Any) -> None:
    seen, _ = compared(apart)
    first, *_ = seen.splitlines()
    assert first.startswith(
        "1 of 3 systems disagrees: crm.people: 1 stale. 1 of 3 systems could not be asked: shop"
    )
    assert "shop.people could not be asked: the system in memory is down" in seen
    assert "crossroads reconcile --list" in seen


def test_a_repair_says_how_much_is_right_now(apart: Any) -> None:
    seen, _ = compared(apart, repair=True)
    assert "customers: 1 of 1 are right now." in seen
    assert "shop.people" in seen


def test_what_differs_is_listed_with_its_fields_and_no_value(apart: Any) -> None:
    compared(apart)
    with apart.store.read() as db:
        seen = printed(lambda console: show_reconcile.standing(console, standing(db)))
        status = printed(lambda console: show.status(console, overview(db, apart.plans)))
    assert "says something else than the store has" in seen
    assert "family_name" in seen
    assert "people-1" in seen
    assert "Poe" not in seen + status
    assert "crm.people: differed when last compared with its system: 1 stale" in status
    assert "not all agreed" in status


def test_nothing_that_differs_is_said_in_words(world: Callable[..., Any]) -> None:
    w = world(erp=Memory())
    with w.store.read() as db:
        assert "Nothing differed" in printed(lambda console: show_reconcile.standing(console, standing(db)))
