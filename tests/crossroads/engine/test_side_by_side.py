"""Several at work on one store at once: real processes that pull and match, and two whole runs of one sync."""

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crossroads import engine, journal
from crossroads.errors import Superseded
from crossroads.records import Change, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

pytestmark = pytest.mark.both_stores
PEOPLE = 40
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
