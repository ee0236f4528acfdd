"""Two workers at one moment, on a database that lets them: each step held still where the other would do harm."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from crossroads import engine, journal
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.run import hold, take
from crossroads.plan import Plan
from crossroads.records import Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

pytestmark = pytest.mark.both_stores
JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
SECONDS = 60


class Pause:
    """Lets the first transaction that runs into a statement stand still there, until another one is done or waits for it."""

    def __init__(self, w: Any, before: str, into: str) -> None:
        self.words, self.there, self.on, self.taken = (
            (before, into),
            threading.Event(),
            threading.Event(),
            False,
        )
        self.engine, self.thread = w.store.engine, threading.get_ident()
        event.listen(self.engine, "before_cursor_execute", self._stop)

    def _stop(self, _db: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said = " ".join(statement.replace('"', "").split())
        if not self.taken and said.startswith(self.words[0]) and self.words[1] in said:
            self.taken = True
            self.there.set()
            self.on.wait(SECONDS)

    def forget(self) -> None:
        event.remove(self.engine, "before_cursor_execute", self._stop)


def meanwhile(w: Any, first: Callable[[], Any], stop: tuple[str, str], second: Callable[[], Any]) -> None:
    """Run `first` up to a statement, then `second` as far as it comes, then both to their ends."""
    pause = Pause(w, *stop)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert pause.there.wait(SECONDS), "the first never came to its statement"
        other = pool.submit(second)
        _until_it_waits(w, other)
        pause.on.set()
        one.result(SECONDS)
        other.result(SECONDS)
    pause.forget()


def _until_it_waits(w: Any, other: Any) -> None:
    """Return when the second is done, or is waiting for the first."""
    waiting = text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    for _ in range(SECONDS * 20):
        if other.done():
            return
        if w.store.engine.dialect.name == "sqlite":
            threading.Event().wait(0.3)
            return
        with w.store.read() as db:
            if db.execute(waiting).scalar():
                return
        threading.Event().wait(0.05)
    raise AssertionError("the second neither ends nor waits")


def step(
    w: Any, plan: Plan, run: str, *pulls: str, match: bool = False, push: str = ""
) -> Callable[[], None]:
    def work() -> None:
        engine.begin(w.ws, plan, run)
        for name in pulls:
            engine.pull(w.ws, plan, name, run)
        if match:
            engine.match(w.ws, plan, run)
        if push:
            engine.push(w.ws, plan, push, run)

    return work


def test_a_change_that_comes_while_its_record_is_matched_is_not_forgotten(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    (plan,) = w.plans
    w.systems["erp"].put("people", "1", **ANN)
    step(w, plan, "r1", "erp.people")()

    def changed() -> None:
        w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
        step(w, plan, "r2", "erp.people")()

    meanwhile(w, step(w, plan, "r1", match=True), ("UPDATE contribution", "signature"), changed)
    step(w, plan, "r2", match=True)()
    (profile,) = w.rows("Profile")
    assert "Ulm" in profile["document"]


def test_two_workers_who_match_at_once_make_one_person(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    (plan,) = w.plans
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **ANN)
    step(w, plan, "r1", "erp.people")()

    def other() -> None:
        step(w, plan, "r2", "crm.people", match=True)()

    meanwhile(w, step(w, plan, "r1", match=True), ("INSERT INTO link", ""), other)
    assert len(w.rows("Profile")) == 1


def test_a_target_that_is_planned_while_its_profile_changes_hears_of_the_change(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    (plan,) = w.plans
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    step(w, plan, "r1", "erp.people", match=True)()
    w.systems["erp"].put("people", "1", city="Köln", changed="2026-03-01T00:00:00Z")
    step(w, plan, "r2", "erp.people")()
    meanwhile(
        w, step(w, plan, "r1", push="crm.people"), ("DELETE FROM due", ""), step(w, plan, "r2", match=True)
    )
    step(w, plan, "r2", push="crm.people")()
    assert w.systems["crm"].value("people", "people-1", "city") == "Köln"


def test_a_create_whose_record_is_read_at_that_moment_is_one_contribution_and_ours(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    (plan,) = w.plans
    w.systems["erp"].put("people", "1", **ANN)
    step(w, plan, "r1", "erp.people", "crm.people", match=True)()
    meanwhile(
        w,
        step(w, plan, "r1", push="crm.people"),
        ("INSERT INTO contribution", ""),
        step(w, plan, "r2", "crm.people"),
    )
    w.sync()
    (crm,) = [row for row in w.rows("Contribution") if row["connection"] == "crm"]
    assert "given_name" in (crm["echo"] or ""), "what we wrote was taken for the system's own word"
    assert len(w.rows("Profile")) == 1


def test_two_workers_claim_each_intent_once(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory(create="search", settle_seconds=0.0))
    (plan,) = w.plans
    for n in range(6):
        w.systems["erp"].put("people", str(n), **{**ANN, "given": f"P{n}", "mail": f"p{n}@x.example"})
    step(w, plan, "r1", "erp.people", "crm.people", match=True)()
    step(w, plan, "r2", "erp.people", "crm.people")()
    push = [step(w, plan, run, push="crm.people") for run in ("r1", "r2")]
    meanwhile(w, push[0], ("UPDATE intent", "lease_until"), push[1])
    made = Counter(record["given"] for record in w.systems["crm"].records["people"].values())
    assert made == Counter({f"P{n}": 1 for n in range(6)})


def test_two_attempts_of_one_step_are_both_counted(world: Any) -> None:
    w = world(erp=Memory())
    (plan,) = w.plans
    engine.begin(w.ws, plan, "r")
    match = step(w, plan, "r", match=True)
    meanwhile(w, match, ("INSERT INTO step", ""), match)
    assert [row["attempts"] for row in w.rows("Step")] == [2]


def test_of_two_who_take_a_lease_at_once_one_holds_it(world: Any) -> None:
    w = world(erp=Memory())
    fences = []

    def taken() -> None:
        with w.store.write(("customer", "erp.people")) as db:
            fences.append(take(db, "l", at=w.ws.clock(), who="me"))
            hold(db, "l", fences[-1])

    meanwhile(w, taken, ("INSERT INTO lease", ""), taken)
    assert sorted(fences) == [1, 2]


def test_two_attempts_that_store_outcomes_at_once_lose_none(world: Any) -> None:
    w = world(erp=Memory())

    def ended(name: str) -> Callable[[], None]:
        def work() -> None:
            with w.store.write(("customer", "erp.people")) as db:
                Outcomes.load(db, "r", "pull", "erp.people").add(db, [name], {name: "applied"})

        return work

    meanwhile(w, ended("1"), ("INSERT INTO page", ""), ended("2"))
    assert [row["seq"] for row in w.rows("Page")] == [0, 1]


def test_the_journal_is_one_chain_though_many_write(world: Any) -> None:
    w = world(erp=Memory())

    def written(run: str) -> Callable[[], None]:
        def work() -> None:
            with w.store.write(("test", run)) as db:
                for n in range(3):
                    journal.append(db, [journal.Line("test", f"{run} {n}", {})], run=run, at=w.ws.clock())

        return work

    meanwhile(w, written("r1"), ("INSERT INTO journal", ""), written("r2"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: written(f"r{n}")(), range(3, 30)))
    with w.store.read() as db:
        assert list(journal.verify(db)) == []
    runs = [row["run"] for row in sorted(w.rows("Entry"), key=lambda row: row["seq"])]
    assert Counter(runs) == Counter({f"r{n}": 3 for n in range(1, 30)})
    assert runs == [run for run in dict.fromkeys(runs) for _ in range(3)], (
        "a transaction's lines stand together"
    )


def test_an_order_that_needs_a_customer_at_the_moment_it_is_held_back_gets_one(
    world: Any, customer_plan: Any
) -> None:
    between = [
        {"connection": "shop", "stream": "orders"},
        {"connection": "erp", "stream": "orders", "create": "always"},
    ]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    w = world([customer_plan("shop", "erp", create="needed"), orders], shop=Memory(), erp=Memory())
    people = w.plans[0]
    w.systems["shop"].put("people", "7", **ANN)
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="7", status="open")
    step(w, people, "r1", "shop.people", "erp.people", match=True)()
    step(w, orders, "r2", "shop.orders", "erp.orders", match=True)()
    with w.store.write() as db:
        _make_due(db, w)
    meanwhile(
        w,
        step(w, people, "r1", push="erp.people"),
        ("DELETE FROM due", ""),
        step(w, orders, "r2", push="erp.orders"),
    )
    w.sync()
    w.sync()
    assert len(w.systems["erp"].records.get("people", {})) == 1
    assert len(w.systems["erp"].records.get("orders", {})) == 1


def _make_due(db: Connection, w: Any) -> None:
    """As an earlier order did, whose own was withdrawn since."""
    (profile,) = (row["id"] for row in w.rows("Profile") if row["entity"] == "customer")
    db.execute(text("insert into due values ('erp', 'people', :profile)"), {"profile": profile})


def test_a_record_that_is_being_stored_when_the_answer_to_its_create_comes_is_ours(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    (plan,) = w.plans
    w.systems["erp"].put("people", "1", **ANN)
    step(w, plan, "r1", "erp.people", "crm.people", match=True)()
    plain = w.ws.connect
    pauses: list[Pause] = []
    with ThreadPoolExecutor(1) as pool:

        class Slow(MemoryConnector):
            def write(self, stream: Stream, changes: Any) -> Iterator[WriteResult]:
                for change in changes:
                    result = self._one(stream, change)
                    pauses.append(Pause(w, "INSERT INTO contribution", ""))
                    pool.submit(step(w, plan, "r2", "crm.people"))
                    assert pauses[0].there.wait(SECONDS)
                    threading.Timer(
                        1.0, pauses[0].on.set
                    ).start()  # the answer is taken in by then, if nothing keeps it
                    yield result

        w.ws.connect = lambda name: Slow(w.systems[name], list(plain(name).streams.values()))
        step(w, plan, "r1", push="crm.people")()
    pauses[0].forget()
    (crm,) = [row for row in w.rows("Contribution") if row["connection"] == "crm"]
    assert "given_name" in (crm["echo"] or ""), "what we wrote was taken for the system's own word"
