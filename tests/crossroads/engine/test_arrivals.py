"""A first sync compares all customers at once where they are many, and ends as if they had come one by one."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from crossroads import engine
from crossroads.engine import adopting, arrivals
from crossroads.engine.auditing import audit
from crossroads.engine.match import work_off
from crossroads.store import Store
from crossroads.store.session import table
from crossroads.store.tables import Assertion, Intent
from crossroads.testkit.killer import KILLED, Attempt, Moments
from crossroads.testkit.memory import Memory
from sandbox.identity.people import people

pytestmark = pytest.mark.both_stores
MANY = 150
FEB = "2026-02-01T00:00:00Z"


def fill(w: Any, first: int = 0) -> Any:
    """Give the systems people who are one, two or three records each, in no order."""
    records, _ = people(MANY, seed=11)
    for place, one in enumerate(records):
        said = {"given": one.given, "family": one.family, "mail": one.email, "mobile": one.phone and f"+49{one.phone[-9:]}",
                "street": f"{one.street} {one.house}", "city": one.city}  # fmt: skip
        system = w.systems["erp" if place % 2 else "crm"]
        if place >= first:
            system.put("people", f"{place:03}", **{name: value for name, value in said.items() if value})
    return w


def left(w: Any) -> Any:
    """Return who is who, with which profile each record is, and what each system holds."""
    contributions = {row["id"]: (row["connection"], row["key"]) for row in w.rows("Contribution")}
    links = sorted((contributions[row["contribution"]], row["profile"]) for row in w.rows("Link"))
    systems = {
        name: sorted(sorted(map(str, record.values())) for record in system.records["people"].values())
        for name, system in w.systems.items()
    }
    return w.who(), links, systems


def compared(w: Any) -> int:
    """Return how many are compared at once after a pull."""
    pulled(w)
    return arrivals.compare(w.ws, "customer")


def pulled(w: Any) -> None:
    engine.begin(w.ws, w.plans[0], "r1")
    for member in w.plans[0].between:
        engine.pull(w.ws, w.plans[0], member.name, "r1")


@pytest.fixture
def made(world: Any, customer_plan: Any, tmp_path: Path) -> Callable[[str, int], Any]:
    def make(name: str, at_once: int) -> Any:
        (tmp_path / name).mkdir()
        plan = customer_plan("erp", "crm", create="never")
        found = world.make_in(tmp_path / name, [plan], erp=Memory(), crm=Memory())
        found.ws.at_once = at_once
        return found

    return make


def test_all_at_once_ends_as_one_by_one(made: Callable[[str, int], Any]) -> None:
    one, other = fill(made("one", 10**6)), fill(made("other", 100))
    assert compared(other) == MANY
    assert [row["version"] for row in other.rows("AdoptedModel")] == [other.ws.model.version]
    for w in (one, other):
        w.sync()
    assert left(one) == left(other)
    assert len(left(one)[0]) < MANY
    assert audit(other.ws).agrees
    for w in (one, other):
        w.systems["erp"].put("people", "001", family="Neu", changed=FEB)
        w.sync()
    assert left(one) == left(other)


def test_killed_anywhere_it_is_found_again(made: Callable[[str, int], Any]) -> None:
    whole = fill(made("whole", 100))
    whole.begun("r1")
    seen = set()
    for kill_at in range(7, 14):
        w = fill(made(f"killed{kill_at}", 100))
        pulled(w)
        w.store.close()

        def work(w: Any = w, kill_at: int = kill_at) -> int:
            Moments(kill_at).watch()
            engine.match(w.ws, w.plans[0], "r1")
            return 100

        died = Attempt(work).wait()
        seen.add((bool(w.rows("Node")), bool(w.rows("Link"))))
        engine.match(w.ws, w.plans[0], "r1")
        assert left(w)[:2] == left(whole)[:2], kill_at
        assert audit(w.ws).agrees, kill_at
    assert died == KILLED
    assert seen == {(False, False), (True, False), (True, True)}, (
        "also when all were compared and nobody was linked"
    )


@pytest.mark.parametrize("known", [True, False])
def test_few_and_whoever_comes_beside_others_come_one_by_one(
    made: Callable[[str, int], Any], known: bool
) -> None:
    w = made("w", 100 if known else MANY + 1)
    if known:
        fill(w, first=MANY - 2).sync()
    fill(w)
    assert compared(w) == 0


@pytest.fixture
def half(made: Callable[[str, int], Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A store in which two records of one woman were compared at once, and a chunk has room for one."""
    monkeypatch.setattr(sys.modules["crossroads.engine.match"], "CHUNK", 1)
    w = made("half", 2)
    for name in ("erp", "crm"):
        w.systems[name].put("people", "1", given="Ann", family="Lee", mail="ann@lee.example")
    assert compared(w) == 2
    return w


def test_whoever_was_compared_is_linked_when_his_turn_comes(half: Any) -> None:
    """Between two chunks the run may be killed, and a model taken into use."""
    match = sys.modules["crossroads.engine.match"]
    with half.store.write(("customer",)) as db:
        match._chunk(db, half.ws, half.plans[0], "r1", match._dirty(db, "customer", ""))
    assert len(half.rows("Link")) == 1
    adopting.adopt(half.ws, half.ws.model, actor="kim", why="asked")
    work_off(half.ws, half.plans[0], "r1")
    assert half.who() == [["crm/people/1", "erp/people/1"]]


def test_whoever_may_be_ours_since_he_was_compared_rests(half: Any) -> None:
    doubt(half)
    work_off(half.ws, half.plans[0], "r1")
    assert half.who() == [["erp/people/1"]]


class Meanwhile:
    """A store in which somebody else works before the first transaction begins."""

    def __init__(self, store: Store, work: Callable[[], object]) -> None:
        self.store, self.read, self.work = store, store.read, [work]

    def write(self, *scopes: Any) -> AbstractContextManager[Connection]:
        while self.work:
            self.work.pop()()
        return self.store.write(*scopes)


def test_whoever_is_matched_meanwhile_stays(made: Callable[[str, int], Any]) -> None:
    w = fill(made("w", 100))
    pulled(w)
    plan = w.plans[0]
    ws = replace(w.ws, store=Meanwhile(w.store, lambda: work_off(w.ws, plan, "r1")))
    assert arrivals.compare(ws, "customer") == 0
    assert len(w.rows("Link")) == len(w.rows("Node")) == MANY


def test_without_the_extra_all_come_one_by_one(
    made: Callable[[str, int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = fill(made("w", 100))
    monkeypatch.setattr(arrivals, "EXTRA", "no_such_package")
    assert compared(w) == 0
    w.sync()
    assert len(w.rows("Link")) == MANY


def doubt(w: Any) -> None:
    """Let a create in the CRM be in doubt."""
    said = Intent(id="i", entity="customer", connection="crm", stream="people", profile="p", slot="", state="sent",
                  document="{}", patch="{}", planned_at=FEB, run="r0")  # fmt: skip
    with w.store.write() as db:
        db.execute(table(Intent).insert().values(**said.model_dump()))


def test_whoever_may_be_a_create_of_ours_rests(made: Callable[[str, int], Any]) -> None:
    w = fill(made("w", 50))
    doubt(w)
    assert compared(w) == MANY // 2
    assert {row["address"].partition("/")[0] for row in w.rows("Node")} == {"erp"}


def test_what_people_said_holds(made: Callable[[str, int], Any]) -> None:
    one, other = fill(made("one", 10**6)), fill(made("other", 100))
    a, b = Random(1).sample([f"erp/people/{n:03}" for n in range(1, MANY, 2)], 2)
    for w in (one, other):
        with w.store.write() as db:
            db.execute(
                table(Assertion).insert().values(a=min(a, b), b=max(a, b), kind="must", why="asked", at=FEB)
            )
        w.sync()
    assert left(one) == left(other)
    assert any({a, b} <= {*names} for names in left(other)[0])
