"""Corners of the engine that only broken code would show."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine.attempt import attempt
from crossroads.engine.outcomes import Outcomes
from crossroads.errors import Superseded
from crossroads.identity.keys import CAP
from crossroads.identity.partition import Edge, partition
from crossroads.records import Batch, State, Stream
from crossroads.testkit.memory import Memory, MemoryConnector

JAN = "2026-01-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": JAN}


def people(found: list[tuple[frozenset[str], Any]]) -> list[list[str]]:
    return [sorted(members) for members, _ in found]


def test_a_record_met_again_changed_moves_its_count(world: Callable[..., Any]) -> None:
    w = world(erp=Memory())
    with w.store.write() as db:
        outcomes = Outcomes.load(db, "r", "pull", "erp.people")
        outcomes.add(db, ["1", "2"], {"1": "unchanged", "2": "unchanged"})
        outcomes.add(db, ["1"], {"1": "applied"})
        assert +outcomes.counts == {"unchanged": 1, "applied": 1}
        assert +Outcomes.load(db, "r", "pull", "erp.people").counts == {"unchanged": 1, "applied": 1}


def test_fields_that_no_mapping_names_are_listed_once(world: Callable[..., Any]) -> None:
    w = world(erp=Memory())
    w.systems["erp"].put("people", "1", **ANN, shoe_size="38")
    w.sync()
    w.sync(full=True)
    unnamed = [(r["path"], r["state"]) for r in w.rows("SourceField") if not r["named"]]
    assert unnamed == [("shoe_size", "approved"), ("version", "approved"), ("seq", "approved")]


def test_a_refused_record_is_not_refused_anew_every_time(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(page=9))
    for number in (1, 2):
        w.systems["erp"].records.setdefault("people", {})[f"odd-{number}"] = {
            "key": "",
            "seq": number,
            "given": "x",
        }
    w.sync(full=True)
    before = w.rows("Rejected")
    assert before
    w.sync(full=True)
    assert w.rows("Rejected") == before


def test_a_lost_create_is_not_sent_again_while_it_may_still_be_running(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.6, lose_before=1))
    w.systems["erp"].put("people", "1", **ANN)
    asked: list[str] = []

    class Late(MemoryConnector):
        """The lost request arrives after all, after the first look-up."""

        def find(self, stream: Stream, change: Any) -> Any:
            found = super().find(stream, change)
            asked.append(change.id)
            if len(asked) == 1:
                self._one(stream, change)
            return found

    plain = w.ws.connect
    w.ws.connect = lambda name: Late(w.systems[name], list(plain(name).streams.values()))
    w.sync()
    assert len(asked) == 2
    assert len(w.systems["crm"].records["people"]) == 1


def test_a_result_counts_only_under_the_fence_of_its_claim(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    (plan,) = w.plans
    engine.begin(w.ws, plan, "r")
    for member in plan.between:
        engine.pull(w.ws, plan, member.name, "r")
    engine.match(w.ws, plan, "r")

    class Overtaken(MemoryConnector):
        def write(self, stream: Stream, changes: Any) -> Any:
            with w.store.write() as db:
                assert db.exec_driver_sql("UPDATE intent SET fence = fence + 1").rowcount == 1
            yield from super().write(stream, changes)

    plain = w.ws.connect
    w.ws.connect = lambda name: Overtaken(w.systems[name], list(plain(name).streams.values()))
    with pytest.raises(Superseded):
        engine.push(w.ws, plan, "crm.people", "r")
    assert [i["state"] for i in w.rows("Intent")] == ["sent"]


def test_a_pull_goes_on_where_it_was_and_an_older_attempt_stops(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(page=1))
    for n in range(4):
        w.systems["erp"].put("people", str(n), **{**ANN, "mail": f"p{n}@x.example"})
    (plan,) = w.plans
    engine.begin(w.ws, plan, "r")
    asked: list[Any] = []

    class Twice(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Any:
            asked.append(dict(since.cursor))
            for number, batch in enumerate(super().read(stream, since)):
                if number == 2 and len(asked) == 1:
                    engine.pull(w.ws, plan, "erp.people", "r")  # a second attempt comes and takes over
                yield Batch(batch.records, batch.state)

    plain = w.ws.connect
    w.ws.connect = lambda name: Twice(w.systems[name], list(plain(name).streams.values()))
    with pytest.raises(Superseded):
        engine.pull(w.ws, plan, "erp.people", "r")
    assert asked == [{}, {"seq": 2}]
    engine.match(w.ws, plan, "r")
    engine.push(w.ws, plan, "erp.people", "r")
    found = engine.report(w.ws, plan, "r")["members"]["erp.people"]["pull"]
    assert (found["read"], found["applied"]) == (4, 4)


def test_a_look_up_that_finds_two_reports_both(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(lose=1, settle_seconds=0.05))
    w.systems["erp"].put("people", "1", **ANN)

    class Doubled(MemoryConnector):
        def _one(self, stream: Stream, change: Any) -> Any:
            result = super()._one(stream, change)
            rows = self.memory.records[stream.name]
            rows.setdefault("twin", {**next(iter(rows.values())), "key": "twin"})
            return result

    plain = w.ws.connect
    w.ws.connect = lambda name: Doubled(w.systems[name], list(plain(name).streams.values()))
    w.sync()
    assert any("found 2 records" in n["reason"] and "twin" in n["reason"] for n in w.rows("Notice"))


def test_a_value_that_too_many_carry_identifies_nothing() -> None:
    crowd = {f"{n:03}": ["reference:0"] for n in range(CAP + 1)}
    assert len(partition(crowd)) == CAP + 1
    crowd.popitem()
    assert len(partition(crowd)) == 1


def test_what_people_asserted_outranks_keys() -> None:
    same = {"a": ["reference:1"], "b": ["reference:1"]}
    assert people(partition(same, cannot=[("a", "b")])) == [["a"], ["b"]]
    assert people(partition({"a": [], "b": []}, must=[Edge("a", "b", "must")])) == [["a", "b"]]


def test_the_message_of_a_foreign_error_is_not_kept(world: Callable[..., Any]) -> None:
    w = world(erp=Memory())
    (plan,) = w.plans
    engine.begin(w.ws, plan, "r")

    class Leaky(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Any:
            raise ValueError("ann@lee.example is odd")

    plain = w.ws.connect
    w.ws.connect = lambda name: Leaky(w.systems[name], list(plain(name).streams.values()))
    with pytest.raises(ValueError, match="odd"):
        engine.pull(w.ws, plan, "erp.people", "r")
    (step,) = w.rows("Step")
    assert step["error"] == "ValueError: see the task's log"


def test_a_dead_attempt_is_told_from_a_living_one() -> None:
    from crossroads.engine.attempt import ended

    with attempt() as who:
        assert not ended(who)
        assert not ended("another-machine/1/x")
    assert ended(who)
