"""A dead system costs a bounded number of calls, its tasks end red and say why, and the others do not notice."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from crossroads import engine
from crossroads.engine import System, Workspace
from crossroads.engine.report import RunFailed
from crossroads.errors import OutcomeUnknown, Unavailable
from crossroads.protocols.budget import Budget
from crossroads.protocols.counters import Counters, beside
from crossroads.protocols.http import Http, Retries
from crossroads.records import Batch, Change, State, Stream, Unknown, WriteResult
from crossroads.store import Store
from crossroads.testkit.memory import Memory, MemoryConnector
from sandbox.counting import Counting, counting

HELD = r"shop at its.host has not answered since .* \(5 calls in a row failed\). It is tried again at"
QUICK = Retries(attempts=4, first=0.0, longest=0.01)


class OverHttp(MemoryConnector):
    """A system in memory behind a server that may be dead: every page and every write is a call."""

    def __init__(self, memory: Memory, http: Http) -> None:
        stream = Stream("people", "key", writable=True, create="search", settle_seconds=0.0)
        super().__init__(memory, [stream])
        self._http = http

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        self._http.get("/people")
        yield from super().read(stream, since)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        for change in changes:
            try:
                self._http.request("POST", "/people", json={})
            except OutcomeUnknown as lost:
                yield Unknown(change, str(lost))
                continue
            yield from super().write(stream, [change])

    def find(self, stream: Stream, change: Change) -> Any:
        self._http.get("/find")
        return super().find(stream, change)

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def people() -> int:
    """How many the ERP has."""
    return 1_000


@pytest.fixture
def shop(world: Callable[..., Any], people: int) -> Iterator[tuple[Any, Counting]]:
    """A world of two systems and many people, in which the shop answers what `answer` says."""
    w = world(erp=Memory(page=500), crm=Memory(), shop=Memory())
    for number in range(people):
        w.systems["erp"].put("people", str(number), given="Ann", family="Lee", mail=f"a{number}@x.example")
    with counting() as system:
        inside = w.ws.connect

        def connect(name: str) -> Any:
            if name != "shop":
                return inside(name)
            budget = Budget(name="shop", title="shop at its.host", counters=Counters(beside(w.store.url)))
            return OverHttp(w.systems["shop"], Http(system.url, budget=budget, retries=QUICK))

        w.ws.connect = connect
        yield w, system


@pytest.mark.parametrize("status", [503, 500])
def test_a_thousand_writes_to_a_dead_system_make_a_handful_of_calls(
    shop: tuple[Any, Counting], status: int, people: int
) -> None:
    w, system = shop
    (plan,) = w.plans
    for run in ("one", "two", "three"):
        engine.begin(w.ws, plan, run)
        engine.pull(w.ws, plan, "erp.people", run)
        if run == "one":
            engine.pull(w.ws, plan, "shop.people", run)
            system.answer = lambda path: (status, b"{}")  # it dies between read and write
            system.calls.clear()
        else:
            with pytest.raises(Unavailable, match=f"GET /people answered {status}|{HELD}"):
                engine.pull(w.ws, plan, "shop.people", run)
        engine.pull(w.ws, plan, "crm.people", run)
        engine.match(w.ws, plan, run)
        engine.push(w.ws, plan, "crm.people", run)
        with suppress(Unavailable):
            engine.push(w.ws, plan, "shop.people", run)
        with pytest.raises(RunFailed, match=r"shop\.people"):
            engine.report(w.ws, plan, run)
    assert len(w.systems["crm"].records["people"]) == people
    assert len(system.calls) <= 12  # five open the breaker; a slow machine sees a probe or two
    assert {row["state"] for row in w.rows("Intent") if row["connection"] == "shop"} <= {
        "planned",
        "superseded",
        "unknown",
    }
    assert sum(row["attempts"] for row in w.rows("Intent") if row["connection"] == "shop") <= 12


@pytest.mark.parametrize("people", [50])
def test_it_is_brought_up_to_date_once_it_answers_again(shop: tuple[Any, Counting], people: int) -> None:
    from crossroads.protocols.budget import forget

    w, system = shop
    (plan,) = w.plans
    system.answer = lambda path: (
        (503, b"{}") if path == "/people" and len(system.calls) < 20 else (200, b"{}")
    )
    engine.begin(w.ws, plan, "r")
    engine.pull(w.ws, plan, "erp.people", "r")
    for _ in range(3):
        with pytest.raises(Unavailable):
            engine.pull(w.ws, plan, "shop.people", "r")
    system.answer = lambda path: (200, b"{}")
    counters = Counters(beside(w.store.url))
    forget(counters, "shop")
    counters.close()
    w.sync()
    assert len(w.systems["shop"].records["people"]) == people
    assert len(w.systems["shop"].writes) == people


def test_every_worker_of_a_store_shares_its_budgets_without_being_told(tmp_path: Path) -> None:
    told = {"requestedQueryCost": 900, "throttleStatus": {"currentlyAvailable": 300, "restoreRate": 10}}
    body = {"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": told}}
    with counting(answer=lambda path: (200, orjson.dumps(body))) as system:
        settings = {"base_url": system.url, "token": "one"}
        for _ in range(3):
            store = Store(f"sqlite:///{tmp_path / 'store.db'}")
            ws = Workspace(store=store, plans=[], system=lambda _: System("shopify", settings))
            with ws.open("shop") as worker, pytest.raises(Unavailable) as caught:
                worker.check()
            assert 30 < (caught.value.retry_after or 0) <= 60
            store.close()
        assert len(system.calls) == 1
