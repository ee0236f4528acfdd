"""What goes wrong between two steps: kills, lost answers, records that go, merge and come apart."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine import ledger
from crossroads.engine.attempt import attempt
from crossroads.engine.outcomes import ended
from crossroads.engine.sending import LANES
from crossroads.errors import Unavailable
from crossroads.records import Safety, Stream, WriteResult
from crossroads.store.tables import Contribution, Intent
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
TELEPHONE = "+4915112345678"


class Killed(BaseException):
    """The process is gone."""


class Scripted(MemoryConnector):
    """Does something before and after each write."""

    before: Callable[[], None] = staticmethod(lambda: None)
    after: Callable[[], None] = staticmethod(lambda: None)

    def write(self, stream: Stream, changes: Any) -> Iterator[WriteResult]:
        for change in changes:
            self.before()
            result = self._one(stream, change)
            self.after()
            yield result


def scripted(
    w: Any, name: str, before: Callable[[], None] = lambda: None, after: Callable[[], None] = lambda: None
) -> None:
    """Let something happen once around the first write to a system."""
    plain = w.ws.connect

    def connect(asked: str) -> Any:
        made = plain(asked)
        if asked != name:
            return made
        script = Scripted(w.systems[name], list(made.streams.values()))
        script.before, script.after = _once(before, w, name), _once(after, w, name)
        return script

    w.ws.connect = connect


def _once(what: Callable[[], None], w: Any, name: str) -> Callable[[], None]:
    done = w.__dict__.setdefault("done", set())

    def doing() -> None:
        if (name, id(what)) not in done:
            done.add((name, id(what)))
            what()

    return doing


def lost(w: Any, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Lose the answer to the first write to the CRM in the run `half`, and let something happen there before anybody looks."""

    def after() -> None:
        meanwhile()
        raise Killed

    scripted(w, "crm", after=after)
    with pytest.raises(Killed):
        engine.push(w.ws, w.plans[0], "crm.people", "half")


def planned(w: Any, name: str, run: str, attempts: int = 0) -> None:
    """Plan the writes of a target, and die before the first is sent."""
    real = w.ws.connect

    class Dead(MemoryConnector):
        def write(self, stream: Stream, changes: Any) -> Iterator[WriteResult]:
            raise Killed
            yield  # pragma: no cover

    w.ws.connect = lambda asked: Dead(w.systems[asked], list(real(asked).streams.values()))
    with pytest.raises(Killed):
        engine.push(w.ws, w.plans[0], name, run)
    w.ws.connect = real
    # As it was a moment earlier: planned, and not yet taken for sending.
    rows = Intent.__table__  # type: ignore[attr-defined]
    with w.store.write() as db:
        db.execute(rows.update().where(rows.c.state == "sent").values(state="planned", attempts=attempts))


def test_a_planned_create_of_a_person_who_merged_meanwhile_is_not_sent(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["crm"].put("people", "a", **ANN)
    w.sync()
    w.systems["erp"].put("people", "2", **{**ANN, "mail": "other@lee.example", "changed": FEB})
    w.begun("half")
    planned(w, "crm.people", "half")
    w.systems["erp"].put("people", "2", mobile=TELEPHONE, changed=MAR)
    w.systems["crm"].put("people", "a", mobile=TELEPHONE, changed=MAR)
    w.sync()
    w.sync()
    assert w.persons("crm") == {"Ann": 1}


def test_a_create_in_doubt_of_a_person_who_merged_meanwhile_is_not_repeated(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory(create="idempotency_key"))
    w.systems["crm"].put("people", "a", **ANN)
    w.sync()
    w.systems["erp"].put("people", "2", **{**ANN, "mail": "other@lee.example", "changed": FEB})
    w.begun("half")
    planned(
        w, "crm.people", "half", attempts=1
    )  # as an attempt leaves it that died before it could repeat it
    w.systems["erp"].put("people", "2", mobile=TELEPHONE, changed=MAR)
    w.systems["crm"].put("people", "a", mobile=TELEPHONE, changed=MAR)
    w.sync()
    w.sync()
    assert w.persons("crm") == {"Ann": 1}
    assert len(w.rows("Profile")) == 1


def test_a_create_that_was_to_be_repeated_is_repeated_under_its_own_id(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(create="idempotency_key"))
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("half")
    lost(w)
    rows = Intent.__table__  # type: ignore[attr-defined]
    with w.store.write() as db:  # as a second attempt leaves it that died before it could repeat it
        db.execute(rows.update().values(state="planned"))
    w.systems["crm"].records["people"]["people-1"]["mail"] = ""  # nothing there tells any more who it is
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.sync()
    w.sync()
    assert w.persons("crm") == {"Ann": 1}


def test_a_planned_write_whose_value_went_back_is_not_sent(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.begun("half")
    planned(w, "crm.people", "half")
    w.systems["erp"].put("people", "1", city="Bonn", changed=MAR)
    w.sync()
    w.sync()
    assert w.systems["crm"].value("people", "people-1", "city") == "Bonn"


@pytest.mark.parametrize("create", ["search", "idempotency_key", "enforced_key"])
def test_a_created_record_that_is_read_before_its_answer_is_nobody_new(
    world: Callable[..., Any], create: Safety
) -> None:
    systems = {n: Memory(create=create, settle_seconds=0.0) for n in ("erp", "crm", "shop")}
    w = world(**systems)
    w.systems["shop"].put(
        "people", "1", given="Ann", family="Lee", changed=JAN
    )  # nothing that identifies her
    w.begun("half")
    lost(w)
    for _ in range(3):
        w.sync()
    assert [w.persons(name) for name in systems] == [{"Ann": 1}] * 3
    assert len(w.rows("Profile")) == 1


def test_what_we_wrote_is_not_its_systems_word_though_it_was_read_first(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("half")
    lost(w)
    w.sync()
    (crm,) = [c for c in w.rows("Contribution") if c["connection"] == "crm"]
    assert json.loads(crm["said"] or "{}") == {}
    assert json.loads(crm["echo"]).keys() >= {"given_name", "emails.main.address"}


def test_an_update_that_is_read_before_its_answer_is_not_its_systems_word(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.begun("half")
    lost(w)
    w.systems["crm"].put("people", "people-1", changed="2099-01-01T00:00:00Z")  # its clock is ahead
    w.begun("next")
    w.systems["erp"].put("people", "1", city="Rome", changed=MAR)
    w.sync()
    assert w.systems["crm"].value("people", "people-1", "city") == "Rome"


@pytest.mark.parametrize("create", ["search", "idempotency_key", "enforced_key"])
def test_a_create_in_doubt_is_not_repeated_for_somebody_made_by_hand_meanwhile(
    world: Callable[..., Any], create: Safety
) -> None:
    w = world(erp=Memory(), crm=Memory(create=create, settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("half")
    planned(w, "crm.people", "half", attempts=1)
    w.systems["crm"].put("people", "a", **ANN)
    w.sync()
    assert w.persons("crm") == {"Ann": 1}
    assert len(w.rows("Profile")) == 1


def test_no_create_in_doubt_is_repeated_in_a_system_whose_read_failed(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("half")
    planned(w, "crm.people", "half", attempts=1)
    w.systems["crm"].put("people", "a", **ANN)
    engine.begin(w.ws, w.plans[0], "next")
    w.systems["crm"].down = True
    with pytest.raises(Unavailable):
        engine.pull(w.ws, w.plans[0], "crm.people", "next")
    w.systems["crm"].down = False
    engine.match(w.ws, w.plans[0], "next")
    engine.push(w.ws, w.plans[0], "crm.people", "next")
    w.sync()
    assert w.persons("crm") == {"Ann": 1}


@pytest.mark.parametrize("create", ["search", "idempotency_key", "enforced_key"])
def test_an_edit_of_a_record_whose_answer_was_lost_is_the_systems_own_word(
    world: Callable[..., Any], create: Safety
) -> None:
    w = world(erp=Memory(), crm=Memory(create=create, settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("half")

    def edited() -> None:
        (key,) = w.systems["crm"].records["people"]
        w.systems["crm"].put("people", key, city="Ulm")

    lost(w, edited)
    engine.push(w.ws, w.plans[0], "crm.people", "half")  # looked up before it is read
    w.sync()
    assert w.systems["erp"].value("people", "1", "city") == "Ulm"


@pytest.mark.parametrize("made", [True, False], ids=["create", "update"])
def test_an_edit_beside_what_we_wrote_whose_answer_was_lost_is_the_systems_own_word(
    world: Callable[..., Any], made: bool
) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **{**ANN, "city": ""}, street="Mill Lane 1")
    if not made:
        w.sync()
        w.systems["erp"].put("people", "1", street="High Street 2", changed=FEB)
    w.begun("half")

    def edited() -> None:
        w.systems["crm"].put("people", "people-1", city="Ulm")

    lost(w, edited)
    engine.push(w.ws, w.plans[0], "crm.people", "half")  # looked up before it is read
    w.sync()
    said = ("Mill Lane 1" if made else "High Street 2", "Ulm")
    for name, key in (("erp", "1"), ("crm", "people-1")):
        record = w.systems[name].records["people"][key]
        assert (record["street"], record["city"]) == said, name


def test_two_records_that_a_lost_create_left_are_one_person(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", given="Ann", family="Lee", changed=JAN)
    w.begun("half")

    def doubled() -> None:
        reference = w.systems["crm"].value("people", "people-1", "reference")
        w.systems["crm"].put("people", "people-2", given="Ann", family="Lee", reference=reference)

    lost(w, doubled)
    for _ in range(3):
        w.sync()
    assert (w.persons("erp"), w.persons("crm")) == ({"Ann": 1}, {"Ann": 2})
    assert any("merge or delete all but one" in n["reason"] for n in w.rows("Notice"))


def test_a_value_that_changed_while_it_was_written_is_written_again(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    plan = w.begun("slow")
    ordinary = w.ws.connect

    def meanwhile() -> None:
        w.systems["erp"].put("people", "1", city="Bonn", changed=MAR)
        w.ws.connect, mine = ordinary, w.ws.connect
        w.begun("beside")
        w.ws.connect = mine

    scripted(w, "crm", before=meanwhile)
    engine.push(w.ws, plan, "crm.people", "slow")
    w.sync()
    assert w.systems["crm"].value("people", "people-1", "city") == "Bonn"


def test_a_run_whose_planned_write_another_run_is_sending_has_accounted_for_it(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    plan = w.begun("one")
    w.begun("two")
    planned(w, "crm.people", "one")
    with attempt() as other:
        with w.store.write() as db:
            ledger.claim(
                db, "crm", "people", at=w.ws.clock(), limit=9, run="two", who=other, lease=w.ws.lease_seconds
            )
        for name in ("crm.people", "erp.people"):
            engine.push(w.ws, plan, name, "one")
    engine.push(w.ws, plan, "crm.people", "two")
    assert engine.report(w.ws, plan, "one")["members"]["crm.people"]["push"]["superseded"] == 1
    with w.store.read() as db:
        assert list(ended(db, "two", "push", "crm.people").values()) == ["applied"]


@pytest.mark.parametrize("lost_answers", [0, 1])
def test_whoever_was_read_since_a_create_was_planned_is_not_made(
    world: Callable[..., Any], lost_answers: int
) -> None:
    """With an answer lost on the way those who were read rest, and nobody knows yet who they are."""
    w = world(erp=Memory(settle_seconds=0.0), crm=Memory())
    names = [f"Ann{number}" for number in range(2 * LANES)]
    for name in names:
        w.systems["crm"].put("people", name, **{**ANN, "given": name, "mail": f"{name}@lee.example".lower()})
    plan = w.begun("one")
    ordinary = w.ws.connect

    def made_by_hand() -> None:
        w.systems["erp"].lose = lost_answers
        for name in names:
            w.systems["erp"].put("people", name, given=name, family="Lee", mail=f"{name}@lee.example".lower())
        w.ws.connect, mine = ordinary, w.ws.connect
        engine.begin(w.ws, plan, "two")
        engine.pull(w.ws, plan, "erp.people", "two")
        w.ws.connect = mine

    scripted(w, "erp", before=made_by_hand)
    engine.push(w.ws, plan, "erp.people", "one")
    states = Counter(
        row["state"] for row in w.rows("Intent") if row["connection"] == "erp" and not row["slot"]
    )
    assert states == {"written": LANES, "superseded": LANES}
    w.sync()
    there = w.persons("erp")
    assert Counter(there.values()) == {1: LANES, 2: LANES}, "those were under way, and no others"


def test_nobody_new_is_made_while_another_attempt_looks_up_whom_it_made(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **{**ANN, "given": "Bob", "mail": "bob@lee.example"})
    w.begun("half")
    planned(w, "crm.people", "half", attempts=1)
    w.systems["erp"].put("people", "2", **ANN)
    w.systems["crm"].put("people", "a", **ANN)
    plan = w.begun("one")
    with attempt() as other:
        with w.store.write() as db:
            ledger.reopen(db, "crm", "people", at=w.ws.clock())
            assert ledger.doubtful(db, "crm", "people", at=w.ws.clock(), run="half", who=other, settle=0.0,
                                   lease=w.ws.lease_seconds)  # fmt: skip
        engine.push(w.ws, plan, "crm.people", "one")
        assert w.persons("crm") == {"Ann": 1}
    w.sync()
    assert w.persons("crm") == {"Ann": 1, "Bob": 1}


def test_what_a_stream_was_once_read_as_keeps_nobody_from_being_made(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["crm"].put("people", "a", **ANN)
    engine.begin(w.ws, w.plans[0], "once")
    engine.pull(w.ws, w.plans[0], "crm.people", "once")
    rows = Contribution.__table__  # type: ignore[attr-defined]
    with w.store.write() as db:
        db.execute(rows.update().values(entity="order"))
    w.systems["erp"].put("people", "1", **{**ANN, "given": "Bob", "mail": "bob@lee.example"})
    w.sync()
    assert w.persons("crm")["Bob"] == 1


def test_a_record_deleted_before_its_create_was_answered_is_not_held_for_living(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.begun("half")

    def went() -> None:
        w.systems["crm"].delete("people", "people-1")
        engine.begin(w.ws, w.plans[0], "beside")
        engine.pull(w.ws, w.plans[0], "crm.people", "beside")

    scripted(w, "crm", after=went)
    engine.push(w.ws, w.plans[0], "crm.people", "half")
    w.sync()
    assert [row["gone"] for row in w.rows("Contribution") if row["connection"] == "crm"] == [True]
    assert (w.persons("crm"), w.rows("Deletion")) == ({}, [])


def test_a_merge_that_came_apart_leaves_nothing_of_the_other_behind(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put(
        "people", "a", given="Ann", family="Lee", mail=ANN["mail"], mobile=TELEPHONE, changed=FEB
    )
    w.sync()
    assert w.systems["erp"].value("people", "1", "mobile") == TELEPHONE
    w.systems["crm"].put("people", "a", given="Peter", changed=MAR)
    w.sync()
    w.sync()
    assert w.systems["erp"].value("people", "1", "given") == "Ann"
    assert not w.systems["erp"].value("people", "1", "mobile"), "it is Peter's"
