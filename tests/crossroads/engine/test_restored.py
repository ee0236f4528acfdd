"""A store restored from a back-up: what was made since then is found again, though nothing in it says who it is."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine.planning import Planner
from crossroads.engine.restored import restored
from crossroads.records import Batch, Change, Found, Safety, State, Stream
from crossroads.testkit.memory import Memory, MemoryConnector

JAN = "2026-01-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "changed": JAN}  # no key
SAFE: list[Safety] = ["search", "enforced_key", "idempotency_key"]


def persons(w: Any) -> dict[str, Counter[str]]:
    return {
        name: Counter(r["given"] for r in s.records.get("people", {}).values())
        for name, s in w.systems.items()
    }


def once(w: Any, *names: str) -> bool:
    return persons(w) == {name: Counter(dict.fromkeys(names, 1)) for name in w.systems}


@pytest.mark.parametrize("create", SAFE)
@pytest.mark.parametrize("known", ["nothing", "read", "matched", "planned"])
def test_what_was_made_after_the_back_up_is_not_made_again(
    world: Any, tmp_path: Path, create: Safety, known: str
) -> None:
    systems = {name: Memory(create=create, settle_seconds=0.0) for name in ("erp", "crm", "shop")}
    (old, new) = (tmp_path / "old", tmp_path / "new")
    old.mkdir()
    new.mkdir()
    w = world.make_in(old, **systems)
    systems["erp"].put("people", "1", **ANN)
    back_up = world.make_in(new, **systems)
    (plan,) = w.plans
    steps: list[Callable[[Any], Any]] = [
        lambda one: [engine.pull(one.ws, plan, member.name, "r") for member in plan.between],
        lambda one: engine.match(one.ws, plan, "r"),
        lambda one: planned(one, plan),
    ]
    reached = ["nothing", "read", "matched", "planned"].index(known)
    engine.begin(back_up.ws, plan, "r")
    for step in steps[:reached]:
        step(back_up)
    for _ in range(2):
        w.sync()  # the old store goes on after the back-up, until it is lost
    assert once(w, "Ann")
    restored(back_up.ws)
    for _ in range(3):
        back_up.sync()
    assert once(back_up, "Ann")
    assert len(back_up.rows("Profile")) == 1
    systems["erp"].put("people", "1", city="Ulm", changed="2026-02-01T00:00:00Z")
    back_up.sync()
    assert {r["city"] for s in systems.values() for r in s.records["people"].values()} == {"Ulm"}


def test_copies_of_a_record_that_was_deleted_before_it_was_read_again_are_one_person(
    world: Any, tmp_path: Path
) -> None:
    """The record they were made from is gone, and one of them was edited since: nothing but what they were made for is common."""
    systems = {name: Memory(settle_seconds=0.0) for name in ("erp", "crm", "shop")}
    (tmp_path / "new").mkdir()
    old, back_up = world.make_in(tmp_path, **systems), world.make_in(tmp_path / "new", **systems)
    systems["erp"].put("people", "1", **{**ANN, "mobile": "+4915100000001"})
    for _ in range(2):
        old.sync()
    assert once(old, "Ann")
    systems["erp"].delete("people", "1")
    edited = {"family": "Berg", "mail": "ann@berg.example", "mobile": "+4915100000002", "city": "Ulm"}
    systems["shop"].put("people", "people-1", **edited, changed="2026-02-01T00:00:00Z")
    restored(back_up.ws)
    for _ in range(3):
        back_up.sync()
    assert once(back_up, "Ann")
    assert len(back_up.rows("Profile")) == 1


def test_a_create_that_was_open_is_looked_up_where_records_do_not_show_what_they_were_made_for(
    world: Any, tmp_path: Path
) -> None:
    class Hiding(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Iterator[Batch]:
            for batch in super().read(stream, since):
                shown = [{k: v for k, v in record.items() if k != "reference"} for record in batch.records]
                yield replace(batch, records=shown)

    systems = {"erp": Memory(), "crm": Memory(settle_seconds=0.0)}
    stores = [world.make_in(tmp_path, **systems)]
    (tmp_path / "new").mkdir()
    stores.append(world.make_in(tmp_path / "new", **systems))
    systems["erp"].put("people", "1", **ANN)
    for one in stores:
        plain = one.ws.connect
        one.ws.connect = lambda name, plain=plain: Hiding(systems[name], list(plain(name).streams.values()))
    old, back_up = stores
    (plan,) = old.plans
    engine.begin(back_up.ws, plan, "r")
    for member in plan.between:
        engine.pull(back_up.ws, plan, member.name, "r")
    engine.match(back_up.ws, plan, "r")
    planned_only(back_up, plan)
    old.sync()
    restored(back_up.ws)
    for _ in range(3):
        back_up.sync()
    assert once(back_up, "Ann")


def test_a_request_of_the_store_that_was_lost_is_waited_for_before_its_create_is_sent_again(
    world: Any,
) -> None:
    crm = Memory(settle_seconds=0.3)
    w = world(erp=Memory(), crm=crm)
    (plan,) = w.plans
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("r")
    planned_only(w, plan)

    class Arriving(MemoryConnector):
        def find(self, stream: Stream, change: Change) -> Sequence[Found]:
            """Look, and a moment later the lost store's request is carried out."""
            found = super().find(stream, change)
            if not found:
                crm.put("people", "late", **change.record)
            return found

    plain = w.ws.connect
    w.ws.connect = lambda name: (
        Arriving(crm, list(plain(name).streams.values())) if name == "crm" else plain(name)
    )
    restored(w.ws)
    w.sync()
    w.sync()
    assert once(w, "Ann")


def planned(w: Any, plan: Any) -> None:
    for name in ("crm.people", "shop.people"):
        member = plan.member(name)
        lens = w.ws.lens(member.connection, member.stream)
        planner = Planner(w.ws, plan.entity, member, lens, "r", creatable={})
        with w.store.write(*planner.scopes) as db:
            planner.chunk(db)


def test_who_rests_while_a_create_is_in_doubt_is_known_before_anybody_is_made(world: Any) -> None:
    """Somebody made Bo by hand where we are about to make him, while it is open what became of our create of Ann."""
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    (plan,) = w.plans
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("r")
    planned_only(w, plan)
    restored(w.ws)
    bo = {"given": "Bo", "family": "Ek", "mail": "bo@ek.example", "changed": JAN}
    w.systems["erp"].put("people", "2", **bo)
    w.systems["crm"].put("people", "h2", **bo)
    w.sync()
    w.sync()
    assert once(w, "Ann", "Bo")


def planned_only(w: Any, plan: Any) -> None:
    planner = Planner(
        w.ws, plan.entity, plan.member("crm.people"), w.ws.lens("crm", "people"), "r", creatable={}
    )
    with w.store.write() as db:
        planner.chunk(db)


def test_a_record_that_people_copied_is_not_taken_for_ours_without_a_restore(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    made = w.systems["crm"].records["people"]["people-1"]
    w.systems["crm"].put("people", "copy", given="Zoe", family="Ek", reference=made["reference"], changed=JAN)
    w.sync()
    assert len(w.rows("Profile")) == 2
