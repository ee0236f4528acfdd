"""What names a record follows whoever that record is: orders their customers, merged, torn apart, made or deleted."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads.engine import reconcile, refusals, upkeep
from crossroads.plan import Plan
from crossroads.testkit.memory import Memory
from sandbox.lenses import lens

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
BO = {"given": "Bo", "family": "Berg", "mail": "bo@berg.example", "city": "Ulm", "changed": JAN}
TELEPHONE = "+4915112345678"
TWIN = {**ANN, "mail": "other@lee.example", "mobile": TELEPHONE}
OPTIONAL = {"at": "buyer", "as": "reference", "to": "customer", "stream": "people", "required": False}


def refuses(name: str) -> Callable[[Any], str | None]:
    return lambda record: "LOCKED" if record.get("given") == name else None


@pytest.fixture
def shop(world: Callable[..., Any], customer_plan: Any) -> Callable[..., Any]:
    """A shop with orders, and an ERP that has customers where orders need them, or all of them."""

    def make(needed: bool = True, refused: str = "", optional: bool = False) -> Any:
        people = customer_plan(
            "shop", "erp", shop={"create": "never"}, erp={"create": "needed" if needed else "always"}
        )
        between = [
            {"connection": "shop", "stream": "orders"},
            {"connection": "erp", "stream": "orders", "create": "always"},
        ]
        orders = Plan.model_validate(
            {"sync": "orders", "entity": "order", "owner": "tests", "between": between}
        )
        w = world([people, orders], shop=Memory(), erp=Memory(refuse=refuses(refused)))
        if optional:
            for name in ("shop", "erp"):
                w.ws.lenses[name, "orders"] = lens(name, "order", customer=OPTIONAL)
        return w

    return make


def order(w: Any, buyer: str) -> None:
    w.systems["shop"].put("orders", "o1", reference="#1", buyer=buyer, status="open")


def later(w: Any) -> None:
    """Refuse nobody any more, and let what may go on go on."""
    w.systems["erp"].refuse = lambda record: None
    for _ in range(4):
        upkeep.release(w.ws)
        refusals.retry(w.ws, after=-1)
        w.sync()


def buyers(w: Any) -> list[str | None]:
    """Return whom the orders in the ERP name."""
    there = w.systems["erp"].records
    return [
        there["people"][o["buyer"]]["given"] if o.get("buyer") else None for o in there["orders"].values()
    ]


@pytest.mark.parametrize("needed", [True, False])
def test_an_order_given_to_somebody_who_is_not_there_yet_waits_for_him(shop: Any, needed: bool) -> None:
    w = shop(needed, refused="Bo")
    w.systems["shop"].put("people", "7", **ANN)
    w.systems["shop"].put("people", "8", **BO)
    order(w, "7")
    w.sync()
    w.sync()
    w.systems["shop"].put("orders", "o1", buyer="8", status="delivered")
    w.sync()
    (told,) = w.systems["erp"].records["orders"].values()
    assert told["status"] == "delivered", "the rest is sent"
    assert [row["reason"] for row in w.rows("Parked")] == ["parent"]
    later(w)
    assert (buyers(w), w.rows("Parked")) == (["Bo"], [])
    assert w.persons("erp") == {"Ann": 1, "Bo": 1}


def test_an_order_of_somebody_torn_from_another_follows_its_customer(shop: Any) -> None:
    w = shop(needed=False)
    w.systems["shop"].put("people", "7", **ANN, mobile=TELEPHONE)
    w.systems["shop"].put("people", "8", **TWIN)
    order(w, "8")
    w.sync()
    w.sync()
    assert buyers(w) == ["Ann"]
    w.systems["shop"].put("people", "8", **{**BO, "given": "Tom", "mobile": None, "changed": FEB})
    w.sync()
    w.sync()
    assert buyers(w) == ["Tom"]
    assert all(reconcile(w.ws, plan).agrees for plan in w.plans)


def test_an_order_that_waits_for_two_who_were_torn_apart_waits_for_its_own(shop: Any) -> None:
    w = shop(refused="Ann")
    w.systems["shop"].put("people", "7", **ANN, mobile=TELEPHONE)
    w.systems["shop"].put("people", "8", **TWIN)
    order(w, "8")
    w.sync()
    w.sync()
    w.systems["shop"].put("people", "8", **{**BO, "given": "Tom", "mobile": None, "changed": FEB})
    for _ in range(3):
        w.sync()
    assert buyers(w) == ["Tom"]
    assert w.rows("Parked") == []


@pytest.mark.parametrize("refused", ["", "Ann"], ids=["unknown", "refused"])
def test_somebody_who_need_not_be_named_is_named_when_he_comes(shop: Any, refused: str) -> None:
    w = shop(needed=False, refused=refused, optional=True)
    if refused:
        w.systems["shop"].put("people", "7", **ANN)
    order(w, "7")
    w.sync()
    w.sync()
    assert buyers(w) == [None]
    w.systems["shop"].put("people", "7", **ANN)
    later(w)
    assert buyers(w) == ["Ann"]


def test_an_order_names_the_record_that_is_left_of_two(shop: Any) -> None:
    w = shop(needed=False)
    w.systems["shop"].put("people", "7", **ANN)
    order(w, "7")
    w.sync()
    w.systems["erp"].put("people", "b", **ANN)
    w.sync()
    (named,) = w.systems["erp"].records["orders"].values()
    w.systems["erp"].delete("people", named["buyer"])
    w.sync()
    w.sync()
    assert len(w.systems["erp"].records["people"]) == 1
    assert buyers(w) == ["Ann"]


def test_an_order_of_somebody_who_was_deleted_there_waits_for_nobody(shop: Any) -> None:
    w = shop(needed=False)
    w.systems["shop"].put("people", "7", **ANN)
    order(w, "7")
    w.sync()
    (key,) = w.systems["erp"].records["people"]
    w.systems["erp"].delete("people", key)
    w.sync()
    w.systems["shop"].put("orders", "o1", status="delivered")
    w.sync()
    (told,) = w.systems["erp"].records["orders"].values()
    assert (told["buyer"], told["status"]) == (key, "delivered")
    assert w.rows("Parked") == []
