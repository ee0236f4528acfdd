"""Several at work on one store at once: real processes that pull and match, two runs of one sync, two attempts of one step."""

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crossroads import engine, journal
from crossroads.engine.outcomes import Outcomes, ended, entered
from crossroads.errors import Superseded
from crossroads.records import Change, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

pytestmark = pytest.mark.both_stores
PEOPLE = 40
FEB = "2026-02-01T00:00:00Z"
ANN = {
    "given": "Ann",
    "family": "Lee",
    "mail": "ann@lee.example",
    "city": "Bonn",
    "changed": "2026-01-01T00:00:00Z",
}
TELEPHONE = "+4915112345678"
SYSTEMS = ("erp", "crm", "shop")


def fill(w: Any) -> None:
    """Let every system hold a third of the people, and the ERP all of them."""
    for n in range(PEOPLE):
        record = {"given": f"P{n:03}", "family": f"Fam{n:03}", "mail": f"p{n}@x.example"}
        w.systems["erp"].put("people", f"e{n}", **record)
        if n % 3:
            w.systems[SYSTEMS[n % 3]].put("people", f"o{n}", **record, city=f"City {n}")


def pulling(w: Any, name: str, start: Any) -> None:
    """Work in a process of its own, over connections of its own."""
    w.store.engine.dispose(close=False)
    start.wait(60)
    (plan,) = w.plans
    engine.begin(w.ws, plan, f"run-{name}")
    engine.pull(w.ws, plan, f"{name}.people", f"run-{name}")
    engine.match(w.ws, plan, f"run-{name}")


def test_processes_beside_each_other_and_beside_a_long_transaction_lose_nothing(world: Any) -> None:
    w = world(erp=Memory(page=5), crm=Memory(page=5), shop=Memory(page=5))
    fill(w)
    fork = multiprocessing.get_context("fork")
    start = fork.Event()
    workers = [fork.Process(target=pulling, args=(w, name, start)) for name in (*SYSTEMS, *SYSTEMS)]
    for worker in workers:  # before the transaction: a process must not inherit SQLite's locks
        worker.start()
    with w.store.write() as db:
        journal.append(db, [journal.Line("test", "long", {})], run="long", at=w.ws.clock())
        start.set()
        time.sleep(1.0)
    for worker in workers:
        worker.join(60)
    # Of two attempts at one stream the later one takes over; the earlier says so and has lost nothing.
    assert {worker.exitcode for worker in workers} <= {0, 1}
    assert sum(worker.exitcode == 0 for worker in workers) >= len(SYSTEMS)
    held = Counter(row["connection"] for row in w.rows("Contribution"))
    assert held == Counter({name: len(w.systems[name].records["people"]) for name in SYSTEMS})
    assert not [row for row in w.rows("Contribution") if row["dirty"]]
    assert len(w.rows("Profile")) == PEOPLE
    with w.store.read() as db:
        assert list(journal.verify(db)) == []


class Locked(MemoryConnector):
    """A system that does one write at a time, slowly, as several callers see it."""

    door = threading.RLock()

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        for change in changes:
            with self.door:
                result = self._one(stream, change)
            time.sleep(0.002)
            yield result


def test_two_runs_of_one_sync_at_once_double_nobody(world: Any) -> None:
    w = world(erp=Memory(page=7), crm=Memory(page=7, create="idempotency_key"), shop=Memory(page=7))
    fill(w)
    plain = w.ws.connect
    w.ws.connect = lambda name: Locked(w.systems[name], list(plain(name).streams.values()))
    (plan,) = w.plans

    def run(number: int) -> list[str]:
        run, told = f"run-{number}", []
        engine.begin(w.ws, plan, run)
        steps: list[Any] = [lambda m=m: engine.pull(w.ws, plan, m.name, run) for m in plan.between]
        steps += [lambda: engine.match(w.ws, plan, run)]
        steps += [lambda m=m: engine.push(w.ws, plan, m.name, run) for m in plan.between]
        for step in steps:
            try:
                step()
            except Superseded:
                told.append(run)
        return told

    with ThreadPoolExecutor(3) as pool:
        told = {run for runs in pool.map(run, range(3)) for run in runs}
    assert len(told) < 3, "one attempt at least is nobody's elder"
    w.runs = 9
    w.sync()
    for number in range(3):
        if f"run-{number}" not in told:
            engine.report(w.ws, plan, f"run-{number}")
    for system in w.systems.values():
        assert Counter(record["given"] for record in system.records["people"].values()) == Counter(
            {f"P{n:03}": 1 for n in range(PEOPLE)}
        )
    writes = w.writes()
    w.sync(full=True)
    assert w.writes() == writes
    with w.store.read() as db:
        assert list(journal.verify(db)) == []


@pytest.mark.parametrize("token", [True, False], ids=["the system checks", "we compare"])
def test_a_slow_system_is_asked_again_without_keeping_others_from_the_store(world: Any, token: bool) -> None:
    w = world(erp=Memory(), crm=Memory(token=token))
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    plan = w.begun("r")
    w.systems["crm"].put("people", "people-1", mobile=TELEPHONE)
    ordinary = w.ws.connect
    locked: list[bool] = []

    def write() -> None:
        with w.store.write():
            pass

    class Slow(MemoryConnector):
        def fetch(self, stream: Stream, keys: Any) -> Any:
            other = threading.Thread(target=write)
            other.start()
            other.join(10)
            locked.append(other.is_alive())
            yield from super().fetch(stream, keys)

    w.ws.connect = lambda name: Slow(w.systems[name], list(ordinary(name).streams.values()))
    engine.push(w.ws, plan, "crm.people", "r")
    assert locked
    assert not any(locked)
    assert w.systems["crm"].value("people", "people-1", "city") == "Ulm"


def test_two_attempts_of_one_step_keep_the_outcomes_of_both(world: Any) -> None:
    w = world(erp=Memory())
    with w.store.write() as db:
        one, other = (Outcomes.load(db, "r", "push", "erp.people") for _ in range(2))
        one.add(db, ["1"], {"1": "applied"})
        other.add(db, ["1", "2"], {"1": "applied", "2": "applied"})
        one.add(db, ["2", "3"], {"3": "rejected"})
        assert entered(db, "r", "push", "erp.people") == 3
        assert ended(db, "r", "push", "erp.people") == {"1": "applied", "2": "applied", "3": "rejected"}


def test_nobody_is_made_who_was_read_by_another_attempt_since_we_matched(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    (plan,) = w.plans
    w.systems["crm"].put("people", "a", **ANN)
    w.systems["erp"].put("people", "1", **ANN)
    engine.begin(w.ws, plan, "one")
    engine.pull(w.ws, plan, "crm.people", "one")
    engine.match(w.ws, plan, "one")
    engine.pull(w.ws, plan, "erp.people", "one")  # as the other of two attempts at once
    engine.push(w.ws, plan, "erp.people", "one")
    assert w.persons("erp") == {"Ann": 1}
