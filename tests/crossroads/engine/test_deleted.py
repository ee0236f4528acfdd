"""What a deleted record leaves standing: its person, what it had said, and that it is not made again."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine import doubts
from crossroads.records import Change, Found, Stream, Unknown, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
TELEPHONE = "+4915112345678"


class Short(MemoryConnector):
    """A system in which a record whose answer is lost is deleted at once."""

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        for change in changes:
            result = self._one(stream, change)
            if isinstance(result, Unknown):
                self.memory.delete(stream.name, f"own-{change.reference}")
            yield result


def test_a_deleted_record_still_tells_that_two_others_are_one_person(world: Any, tmp_path: Path) -> None:
    def seen(first: str) -> Any:
        (folder := tmp_path / first).mkdir()
        w = world.make_in(folder, erp=Memory(), crm=Memory(), shop=Memory())
        w.systems["erp"].put("people", "1", **{**ANN, "mobile": TELEPHONE})
        w.systems["crm"].put("people", "a", **ANN)
        if first == "deleted":
            w.begun("r0")
            w.systems["erp"].delete("people", "1")
            w.begun("r1")
        w.systems["shop"].put("people", "x", given="Ann", mobile=TELEPHONE, changed=FEB)
        w.begun("r2")
        if first != "deleted":
            w.systems["erp"].delete("people", "1")
            w.begun("r3")
        w.systems["erp"].put("people", "1", **ANN, mobile=TELEPHONE)
        before = len(w.rows("Profile"))
        w.begun("r4")
        return before, len(w.rows("Profile"))

    assert seen("deleted") == seen("arrived") == (1, 1)


def test_a_record_deleted_in_one_system_is_not_made_there_again(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["crm"].delete("people", "people-1")
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.sync()
    assert w.persons("crm") == {}
    assert w.systems["shop"].value("people", "people-1", "city") == "Ulm"


def test_what_was_due_before_its_record_was_deleted_makes_no_other(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    plan = w.begun("half")
    w.systems["crm"].delete("people", "people-1")
    engine.pull(w.ws, plan, "crm.people", "half")  # and nothing is matched before the push
    engine.push(w.ws, plan, "crm.people", "half")
    assert w.persons("crm") == {}


def test_a_person_whose_only_source_was_deleted_keeps_the_values_the_others_hold(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].delete("people", "1")
    w.sync()
    (profile,) = w.rows("Profile")
    assert json.loads(profile["document"])["family_name"] == "Lee"
    w.systems["crm"].put("people", "people-1", family="Ek")
    w.sync()
    assert json.loads(w.rows("Profile")[0]["document"])["family_name"] == "Ek"


@pytest.mark.parametrize("last", ["Ulm", None], ids=["said", "cleared"])
def test_a_deletion_undoes_nothing_that_its_record_had_said(
    world: Callable[..., Any], last: str | None
) -> None:
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["crm"].put("people", "people-1", city=last, changed=FEB)
    w.sync()
    w.systems["crm"].delete("people", "people-1")
    writes = w.writes()
    w.sync()
    cities = [next(iter(w.systems[name].records["people"].values()))["city"] for name in ("erp", "shop")]
    assert (cities, w.writes()) == ([last, last], writes)
    w.systems["shop"].put("people", "people-1", city="Oslo", changed=MAR)
    w.sync()
    assert w.systems["erp"].value("people", "1", "city") == "Oslo"


def test_a_deletion_that_is_told_twice_is_nothing_new(world: Callable[..., Any]) -> None:
    w = world(erp=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].delete("people", "1")
    assert w.sync()[0]["members"]["erp.people"]["pull"]["applied"] == 1
    assert w.sync(full=True)[0]["members"]["erp.people"]["pull"]["unchanged"] == 1


@pytest.mark.both_stores
@pytest.mark.parametrize("told", ["native", "none"], ids=["a read tells", "no read tells"])
def test_what_was_made_and_deleted_before_its_answer_came_is_not_made_once_more(
    world: Callable[..., Any], told: str
) -> None:
    """Where the system is asked for the create, and says that its record was deleted."""
    w = world(erp=Memory(), crm=Memory(create="enforced_key", deletes=told, lose=1))  # type: ignore[arg-type]
    w.systems["erp"].put("people", "1", **ANN)
    plain = w.ws.connect
    w.ws.connect = lambda name: Short(w.systems[name], list(plain(name).streams.values()))
    for city in ("Ulm", "Kiel", "Trier"):
        w.sync()
        w.systems["erp"].put("people", "1", city=city, changed=FEB)
    ((_, key, done),) = w.systems["crm"].writes
    assert done == "create"
    assert [row["gone"] for row in w.rows("Contribution") if row["key"] == key] == [True]
    assert len(w.rows("Profile")) == 1
    assert w.rows("Deletion") == []


def test_a_record_of_an_earlier_life_is_not_what_a_later_create_made(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(create="enforced_key"))
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    (key,) = w.systems["crm"].records["people"]
    w.systems["crm"].delete("people", key)
    w.sync()
    reference = key.removeprefix("own-")
    claim = SimpleNamespace(reference=reference)
    found = w.systems["crm"].connector("people").find(Stream("people", "key"), claim)
    assert [(one.key, one.gone) for one in found] == [(key, True)], "the system tells of it"
    job = SimpleNamespace(ws=w.ws, member=w.plans[0].member("crm.people"))
    assert doubts._made_since(job, found) == []
    assert doubts._made_since(job, [Found("own-new", gone=True)]) == [Found("own-new", gone=True)]
    assert doubts._made_since(job, [*found, Found("own-b")]) == [Found("own-b")]
