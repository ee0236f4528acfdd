"""The ledger as a state machine: which ways there are, who may take them, and for how long."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine import ledger, states
from crossroads.engine.attempt import attempt
from crossroads.engine.lease import Lease
from crossroads.errors import RecordRejected, Superseded, Unavailable
from crossroads.records import Change, Found, Stream, WriteResult
from crossroads.store.clock import later
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
HERE = ("crm", "people")
STATES = tuple(states.TRANSITIONS)


class Killed(BaseException):
    """The process is gone."""


def ann(n: int = 1) -> dict[str, str]:
    return {"given": f"Ann{n}", "family": "Lee", "mail": f"a{n}@lee.example", "city": "Bonn", "changed": JAN}


def matched(w: Any, people: int = 1, run: str = "r") -> Any:
    """Fill the ERP and go as far as a push needs."""
    for n in range(people):
        w.systems["erp"].put("people", str(n), **ann(n))
    (plan,) = w.plans
    engine.begin(w.ws, plan, run)
    for member in plan.between:
        engine.pull(w.ws, plan, member.name, run)
    engine.match(w.ws, plan, run)
    return plan


def scripted(w: Any, **methods: Any) -> None:
    """Let every connector do something else than it does."""
    kind, plain = type("Scripted", (MemoryConnector,), methods), w.ws.connect
    w.ws.connect = lambda name: kind(w.systems[name], list(plain(name).streams.values()))


def doubtful(w: Any, db: Any, who: str, **other: Any) -> list[ledger.Claim]:
    said = {"at": w.ws.clock(), "run": "other", "settle": 0.0, "lease": 60.0} | other
    return ledger.doubtful(db, *HERE, who=who, **said)


def test_the_drawing_shows_the_table_that_the_code_obeys() -> None:
    assert states.drawing() in (Path(__file__).parents[3] / "docs/architecture.md").read_text()


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_a_way_that_is_not_in_the_table_is_refused(before: str, after: str) -> None:
    if after in states.TRANSITIONS[before] or before == after == "unknown":
        assert states.checked(before, after) == after
    else:
        with pytest.raises(states.IllegalTransitionError):
            states.checked(before, after)


@pytest.mark.parametrize("after", sorted(states.TRANSITIONS["sent"]))
def test_only_the_claim_of_the_last_fence_moves_an_intent(world: Callable[..., Any], after: str) -> None:
    w = world(erp=Memory(), crm=Memory())
    matched(w)
    planned_only(w)
    with attempt() as who, w.store.write() as db:
        (claim,) = ledger.claim(db, *HERE, at=w.ws.clock(), limit=9, run="r", who=who, lease=60.0)
        assert ledger.end(db, [claim._replace(fence=claim.fence - 1)], after, at=w.ws.clock()) == set()
        assert ledger.end(db, [claim], after, at=w.ws.clock()) == {claim.id}
        assert ledger.end(db, [claim], after, at=w.ws.clock()) == set(), "an answer counts once"
    assert [i["state"] for i in w.rows("Intent")] == [after]


def planned_only(w: Any) -> None:
    """Plan what is due for the CRM, and send nothing."""
    plain = w.ws.connect

    def write(self: Any, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        raise Unavailable("closed")
        yield  # pragma: no cover

    scripted(w, write=write)
    with pytest.raises(Unavailable):
        engine.push(w.ws, w.plans[0], "crm.people", "r")
    w.ws.connect = plain
    assert {i["state"] for i in w.rows("Intent")} == {"planned"}


def test_an_intent_that_was_claimed_beside_is_claimed_by_nobody_else(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    matched(w, people=3)
    planned_only(w)
    with attempt() as one, attempt() as other, w.store.write() as db:
        said = {"at": w.ws.clock(), "run": "r", "lease": 60.0}
        first = ledger.claim(db, *HERE, limit=2, who=one, **said)
        second = ledger.claim(db, *HERE, limit=9, who=other, **said)
    assert (len(first), len(second)) == (2, 1)
    assert not {c.id for c in first} & {c.id for c in second}


def test_a_slow_call_keeps_its_lease(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.ws.lease_seconds = 0.3
    plan = matched(w)
    taken: list[Any] = []

    def write(self: Any, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        time.sleep(0.6)  # longer than the lease
        with attempt() as who, w.store.write() as db:
            taken.extend(doubtful(w, db, who))
        yield from MemoryConnector.write(self, stream, changes)

    scripted(w, write=write)
    engine.push(w.ws, plan, "crm.people", "r")
    assert taken == []
    assert len(w.systems["crm"].writes) == 1


def test_an_attempt_that_lost_its_lease_sends_nothing_of_the_rest(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.ws.lease_seconds = 0.15
    plan = matched(w, people=4)

    def write(self: Any, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        yield self._one(stream, changes[0])
        with attempt() as who, w.store.write() as db:  # as if this one had been asleep
            assert len(doubtful(w, db, who, at=later(w.ws.clock(), 3600.0))) == 3
        time.sleep(0.2)
        yield from (self._one(stream, change) for change in changes[1:])

    scripted(w, write=write)
    with pytest.raises(Superseded):
        engine.push(w.ws, plan, "crm.people", "r")
    assert len(w.systems["crm"].writes) <= 2, "the first, and the one that was under way"
    assert sorted(i["state"] for i in w.rows("Intent")) == ["unknown"] * 3 + ["written"]


def test_a_heartbeat_notices_that_somebody_took_over(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    matched(w, people=2)
    planned_only(w)
    with attempt() as one, attempt() as other:
        with w.store.write() as db:
            claims = ledger.claim(db, *HERE, at=w.ws.clock(), limit=9, run="r", who=one, lease=60.0)
        lease = Lease(w.ws, (), claims, 60.0, time.monotonic())
        lease.beat()
        lease.check()
        with w.store.write() as db:
            doubtful(w, db, other, at=later(w.ws.clock(), 3600.0))
        lease.beat()
        with pytest.raises(Superseded):
            lease.check()


def test_a_lease_is_over_by_the_monotonic_clock_even_if_the_store_cannot_be_asked(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    Lease(w.ws, (), [], 60.0, time.monotonic()).check()
    with pytest.raises(Superseded):
        Lease(w.ws, (), [], 60.0, time.monotonic() - 61.0).check()


def test_whoever_takes_over_looks_up_at_once_and_sends_only_when_no_request_can_be_running(
    world: Any,
) -> None:
    w = world(erp=Memory(), crm=Memory(lose_before=1, settle_seconds=0.4))
    plan = matched(w)
    seen: list[tuple[str, float]] = []

    def find(self: Any, stream: Stream, change: Change) -> Sequence[Found]:
        seen.append(("find", time.monotonic()))
        return MemoryConnector.find(self, stream, change)

    def write(self: Any, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        for change in changes:
            seen.append(("write", time.monotonic()))
            yield self._one(stream, change)

    scripted(w, find=find, write=write)
    engine.push(w.ws, plan, "crm.people", "r")
    assert [what for what, _ in seen] == ["write", "find", "find", "write"]
    assert seen[3][1] - seen[0][1] >= 0.4
    assert len(w.systems["crm"].records["people"]) == 1


def test_an_update_in_doubt_is_not_planned_anew_while_it_may_arrive(world: Callable[..., Any]) -> None:
    """Held up on its way and carried out late, it must not come on top of a newer value and look like an edit."""
    w = world(erp=Memory(), crm=Memory(settle_seconds=2.5))
    w.systems["erp"].put("people", "1", **ann())
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    late: list[tuple[Change, float]] = []

    def arrive(connector: Any) -> None:
        if late and connector.memory is w.systems["crm"]:
            connector._one(Stream("people", "key"), late.pop()[0])

    def fetch(self: Any, stream: Stream, keys: Sequence[str]) -> Any:
        if late and time.monotonic() >= late[0][1]:
            arrive(self)
        return MemoryConnector.fetch(self, stream, keys)

    def write(self: Any, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        if self.memory is w.systems["crm"] and not self.memory.value("people", "people-1", "held up"):
            self.memory.records["people"]["people-1"]["held up"] = "once"
            late.append((changes[0], time.monotonic() + 2.0))
            raise Killed
        yield from MemoryConnector.write(self, stream, changes)
        arrive(self)

    scripted(w, fetch=fetch, write=write)
    with pytest.raises(Killed):
        w.sync()
    w.systems["erp"].put("people", "1", city="Essen", changed=MAR)
    w.sync()
    w.sync()
    assert late == []
    assert w.systems["crm"].value("people", "people-1", "city") == "Essen"
    assert w.systems["erp"].value("people", "1", "city") == "Essen"


def test_a_look_up_that_fails_leaves_the_outcome_unknown_for_the_next_attempt(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory(lose=1, settle_seconds=0.0))
    plan = matched(w)
    plain = w.ws.connect

    def find(self: Any, stream: Stream, change: Change) -> Sequence[Found]:
        raise Unavailable("closed")

    scripted(w, find=find)
    with pytest.raises(Unavailable):
        engine.push(w.ws, plan, "crm.people", "r")
    assert [i["state"] for i in w.rows("Intent")] == ["unknown"]
    w.ws.connect = plain
    engine.push(w.ws, plan, "crm.people", "r")
    assert [i["state"] for i in w.rows("Intent")] == ["written"]
    assert len(w.systems["crm"].records["people"]) == 1


def test_a_look_up_that_is_refused_for_one_record_stops_no_other(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(lose=1, settle_seconds=0.0))
    plan = matched(w, people=2)

    def find(self: Any, stream: Stream, change: Change) -> Sequence[Found]:
        raise RecordRejected("its reference is not allowed in a search")

    scripted(w, find=find)
    engine.push(w.ws, plan, "crm.people", "r")
    (parked,) = w.rows("Parked")
    assert (parked["reason"], "not allowed in a search" in parked["waits_for"]) == ("outcome", True)
    assert sorted(i["state"] for i in w.rows("Intent")) == ["unknown", "written"]


def test_killed_between_look_up_and_record_it_is_looked_up_again(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(lose=1, settle_seconds=0.0))
    plan = matched(w)
    asked: list[str] = []

    def find(self: Any, stream: Stream, change: Change) -> Sequence[Found]:
        found = MemoryConnector.find(self, stream, change)
        asked.append(change.id)
        if len(asked) == 1:
            raise Killed
        return found

    scripted(w, find=find)
    with pytest.raises(Killed):
        engine.push(w.ws, plan, "crm.people", "r")
    engine.push(w.ws, plan, "crm.people", "r")
    assert len(asked) == 2
    assert len(set(asked)) == 1
    assert [i["state"] for i in w.rows("Intent")] == ["written"]
    assert len(w.systems["crm"].records["people"]) == 1


def test_answers_are_kept_though_another_attempt_took_one_write_of_the_group(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory(create="none"))
    plan = matched(w, people=2)

    def write(self: Any, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        first = self._one(stream, changes[0])
        with w.store.write() as db:
            db.exec_driver_sql(f"UPDATE intent SET fence = fence + 1 WHERE id = '{changes[0].id}'")
        yield first
        yield self._one(stream, changes[1])

    plain = w.ws.connect
    streams = [Stream("people", "key", writable=True, create="none", write_size=2)]
    kind = type("Scripted", (MemoryConnector,), {"write": write})
    w.ws.connect = lambda name: kind(w.systems[name], streams) if name == "crm" else plain(name)
    with pytest.raises(Superseded):
        engine.push(w.ws, plan, "crm.people", "r")
    assert sorted(i["state"] for i in w.rows("Intent")) == ["sent", "written"]
