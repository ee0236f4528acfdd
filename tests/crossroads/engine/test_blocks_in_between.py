"""A record that is blocked, hidden or deleted between two looks at it: noticed whoever sees it first, and never made again."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine.replay import replay
from crossroads.engine.report import RunFailed
from crossroads.errors import Unavailable
from crossroads.records import Change, Found, Stream
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB, MAR, APR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3, 4))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
BO = {"given": "Bo", "family": "Ek", "mail": "bo@ek.example", "changed": FEB}


def blocked(w: Any) -> dict[str, str]:
    return {f"{r['connection']}/{r['key']}": r["blocked"] for r in w.rows("Contribution") if r["blocked"]}


@pytest.fixture
def erp(world: Callable[..., Any]) -> Callable[..., Any]:
    """An ERP that locks and hides records and deletes none, and a CRM."""

    def make(**more: Any) -> Any:
        return world(erp=Memory(deletes="none", hides=True, blocked=("locked",), **more), crm=Memory())

    return make


def untouched(w: Any) -> None:
    """Hold that the lock is known, that nothing the record says meanwhile is news, and that nothing is written to it."""
    w.sync()
    w.sync(full=True)
    assert blocked(w) == {"erp/1": "locked"}
    assert w.systems["crm"].value("people", "people-1", "city") != "Nowhere"
    before = len(w.systems["erp"].writes)
    w.systems["crm"].put("people", "people-1", city="Oslo", changed=APR)
    w.sync()
    assert len(w.systems["erp"].writes) == before


@pytest.mark.both_stores
@pytest.mark.parametrize("besides", [{}, {"city": "Nowhere"}], ids=["alone", "with an edit"])
@pytest.mark.parametrize("token", [True, False], ids=["with versions", "compared"])
def test_what_is_locked_after_it_was_read_is_not_written_to(erp: Any, token: bool, besides: Any) -> None:
    w = erp(token=token)
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["crm"].put("people", "people-1", city="Ulm", changed=FEB)
    plan = w.begun("half")
    w.systems["erp"].put("people", "1", locked=True, **besides, changed=MAR)
    for name in ("erp.people", "crm.people"):
        engine.push(w.ws, plan, name, "half")
    engine.report(w.ws, plan, "half")
    assert w.systems["erp"].writes == []
    untouched(w)


def test_a_write_that_is_answered_with_a_lock_is_the_last(erp: Any) -> None:
    w = erp()
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].normalise = lambda record: {**record, "locked": True, "family": "Nobody"}
    w.systems["crm"].put("people", "people-1", street="Main 1", changed=FEB)
    w.sync()
    w.systems["erp"].normalise = lambda record: record
    untouched(w)
    assert w.systems["crm"].value("people", "people-1", "family") == "Lee"


def test_fields_that_are_declared_to_block_later_block_what_is_known(erp: Any) -> None:
    w = erp()
    w.systems["erp"].blocked = ()
    w.systems["erp"].put("people", "1", **ANN, locked=True)
    w.sync()
    w.systems["erp"].blocked = ("locked",)
    untouched(w)


@pytest.mark.parametrize("first", [True, False], ids=["first seen so", "blocked since"])
def test_a_blocked_record_says_nothing_by_another_mapping(erp: Any, lens: Any, first: bool) -> None:
    w = erp()
    if not first:
        w.systems["erp"].put("people", "1", **BO)
    w.systems["crm"].put("people", "b", **BO)
    if not first:
        w.sync()
    w.systems["erp"].put("people", "1", **{**BO, "changed": MAR}, city="Rome", zip="53111", locked=True)
    w.sync()
    for name in ("erp", "crm"):
        w.ws.lenses[name, "people"] = lens(name, "customer", **{"addresses.main.postal_code": {"at": "zip"}})
    replay(w.ws, "erp", "people")
    w.sync()
    assert [w.systems["crm"].value("people", "b", name) for name in ("city", "zip")] == [None, None]
    w.systems["erp"].put("people", "1", locked=False, changed=APR)
    w.sync()
    assert [w.systems["crm"].value("people", "b", name) for name in ("city", "zip")] == ["Rome", "53111"]


class Lagging(MemoryConnector):
    """Finds nothing: its index lags behind, or what was there is hidden by now."""

    down = False

    def find(self, stream: Stream, change: Change) -> Iterable[Found]:
        if self.down:
            raise Unavailable("the search is down")
        return ()


class Down(Lagging):
    down = True


@pytest.mark.both_stores
@pytest.mark.parametrize("then", ["lags behind", "hidden", "deleted"])
def test_a_create_in_doubt_that_was_read_meanwhile_is_not_repeated(
    world: Callable[..., Any], then: str
) -> None:
    deletes = {"deletes": "native"} if then == "deleted" else {"deletes": "none", "hides": True}
    w = world(erp=Memory(settle_seconds=0.0, lose=1, **deletes), crm=Memory())
    w.systems["crm"].put("people", "a", **ANN)
    plain = w.ws.connect
    for kind in (Down, Lagging):
        w.ws.connect = lambda name, kind=kind: kind(w.systems[name], list(plain(name).streams.values()))
        if kind is Lagging and then == "deleted":
            w.systems["erp"].delete("people", "people-1")
        elif kind is Lagging and then == "hidden":
            w.systems["erp"].records["people"].clear()
        for _ in range(2):
            try:
                w.sync(full=True)
            except (RunFailed, Unavailable):
                assert kind is Down
    assert len(w.systems["erp"].records["people"]) == int(then == "lags behind")
    assert [row["state"] for row in w.rows("Intent")] == ["written"]
    assert w.who() == [["crm/people/a", "erp/people/people-1"]]
