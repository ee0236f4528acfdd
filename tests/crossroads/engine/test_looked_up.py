"""What a look-up finds in the end: nothing waits for a person any more, doubles stay listed, a key is as the system spells it."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from crossroads.engine import answering, upkeep
from crossroads.engine.report import RunFailed
from crossroads.errors import RecordRejected
from crossroads.records import Change, Found, Record, Stream, Written
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}


@pytest.fixture
def crm(world: Callable[..., Any], customer_plan: Any) -> Callable[..., Any]:
    """Ann in the ERP, about to be made in a CRM whose connector is another one."""

    def make(kind: type[MemoryConnector], **more: Any) -> Any:
        plan = customer_plan("erp", "crm", erp={"create": "never"})
        w = world([plan], erp=Memory(), crm=Memory(settle_seconds=0.0, **more))
        w.systems["erp"].put("people", "1", **ANN)
        w.plain = w.ws.connect
        w.ws.connect = lambda name: (
            kind(w.systems[name], list(w.plain(name).streams.values())) if name == "crm" else w.plain(name)
        )
        return w

    return make


@pytest.mark.parametrize("lost", ["lose", "lose_before"])
def test_what_is_found_in_the_end_waits_for_nobody(crm: Any, lost: str) -> None:
    class Refusing(MemoryConnector):
        def find(self, stream: Stream, change: Change) -> Iterable[Found]:
            raise RecordRejected("its reference is not allowed in a search")

    w = crm(Refusing, **{lost: 1})
    with pytest.raises(RunFailed, match="crossroads answer"):
        w.sync()
    with w.store.read() as db:
        assert len(answering.waiting(db)) == 1
    w.ws.connect = w.plain
    w.sync()
    assert w.persons("crm") == {"Ann": 1}
    assert w.rows("Parked") == []


def test_doubles_are_listed_until_one_of_them_is_left(crm: Any) -> None:
    class Twice(MemoryConnector):
        def write(self, stream: Stream, changes: Any) -> Any:
            for change in changes:
                made = self._one(stream, change)
                if not change.key:
                    self._one(stream, change)
                yield made

    w = crm(Twice, lose=1)
    w.sync()
    w.ws.connect = w.plain
    w.systems["crm"].put("people", "people-1", city="Ulm", changed=FEB)
    w.sync()
    upkeep.retry(w.ws)
    (listed,) = w.rows("Notice")
    assert "found 2 records" in listed["reason"]
    w.systems["crm"].delete(
        "people", next(key for key in w.systems["crm"].records["people"] if key != listed["key"])
    )
    w.sync()
    upkeep.retry(w.ws)
    assert w.rows("Notice") == []


@pytest.mark.parametrize("alone", [True, False], ids=["one", "among others"])
def test_a_key_that_the_system_spells_otherwise_loses_no_edit(crm: Any, alone: bool) -> None:
    class Padding(MemoryConnector):
        """Answers a create with `people-1` and no record, and lists it as `0000people-1`."""

        def write(self, stream: Stream, changes: Any) -> Any:
            for change in changes:
                made = self._one(stream, change)
                there = self.memory.records["people"]
                if not change.key:
                    padded = made.key.zfill(12)
                    there[padded] = {**there.pop(made.key), "key": padded}
                yield Written(change, made.key)

        def fetch(self, stream: Stream, keys: Any) -> Iterable[Record]:
            there = self.memory.records.get(stream.name, {})
            return [dict(there[k]) for key in keys for k in (key, key.zfill(12)) if k in there]

    w = crm(Padding)
    if not alone:
        w.systems["erp"].put("people", "2", **{**ANN, "given": "Bo", "mail": "bo@lee.example"})
    w.sync()
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.sync()
    w.sync()
    assert w.systems["erp"].value("people", "1", "city") == "Ulm"
    assert len(w.who()) == (1 if alone else 2)
    assert all(len(records) == 2 for records in w.who())


def test_what_only_a_person_can_look_up_is_not_said_to_be_looked_up(
    world: Callable[..., Any], customer_plan: Any
) -> None:
    w = world(
        [customer_plan("erp", "crm", crm={"read": False})],
        erp=Memory(),
        crm=Memory(create="none", lose=1),
    )
    w.systems["erp"].put("people", "1", **ANN)
    for _ in range(2):
        with pytest.raises(RunFailed) as told:
            w.sync()
        assert "`crossroads waiting` lists them" in str(told.value)
        assert "run the sync again" not in str(told.value)
