"""What a person does about what was set aside is kept, counts once, and gives way to the system's newer word."""

from collections.abc import Callable, Mapping
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from crossroads import engine, journal
from crossroads.audit import repair as audit
from crossroads.audit import show_repair
from crossroads.engine import refusals, repair, resending
from crossroads.engine.edits import edited
from crossroads.engine.repair import Person, Place
from crossroads.errors import ConfigError
from crossroads.testkit.killer import killed_at
from crossroads.testkit.memory import Memory

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
EVE = Person("eve", "the clerk typed it into the wrong field")
RECORD = Place("erp", "people", "1", "pull")


def place_of(sets: Mapping[str, str]) -> Callable[[Any], Any]:
    return partial(edited, sets=sets)


STATE = {"at": "state", "as": "choice", "of": {"active": "A", "blocked": "B"}, "refuse": True}


def stateful(w: Any, lens: Any) -> Any:
    for name in w.systems:
        w.ws.lenses[name, "people"] = lens(name, "customer", status=STATE)
    return w


@pytest.fixture
def refused(world: Callable[..., Any], lens: Any) -> Any:
    """A world in which the mapping does not read record 1 of the ERP: its state is a code nobody knows."""
    w = stateful(world(erp=Memory(), crm=Memory()), lens)
    w.systems["erp"].put("people", "1", **{**ANN, "state": "X"})
    w.systems["erp"].put("people", "2", given="Bo", family="Ek", mail="bo@ek.example", changed=JAN)
    w.sync()
    assert [(row["key"], row["step"]) for row in w.rows("Rejected")] == [("1", "pull")]
    return w


def test_a_repaired_record_enters_as_it_was_edited_and_its_original_is_kept(refused: Any) -> None:
    w = refused
    tried, differs = repair.edit(w.ws, RECORD, place_of({"state": "A"}), EVE)
    assert (tried.reasons, differs) == ([], {"state": ["text of 1: letters", "text of 1: letters"]})
    assert resending.send(w.ws, [RECORD], EVE) == {RECORD: "applied"}
    (golden,) = [p for p in w.rows("Profile") if "Lee" in p["document"]]
    w.sync()
    (person,) = [r for r in w.systems["crm"].records["people"].values() if r["family"] == "Lee"]
    assert person["state"] == "A"
    assert not w.rows("Rejected")
    (row,) = w.rows("Repair")
    assert (row["state"], row["actor"], orjson.loads(row["original"])["state"]) == ("applied", "eve", "X")
    assert golden["run"] == row["run"]
    told = [e for e in w.rows("Entry") if e["kind"] == "repair"]
    assert [orjson.loads(e["body"])["by"] for e in told] == ["eve"]
    assert "Ann" not in told[0]["body"]
    with w.store.read() as db:
        assert list(journal.verify(db)) == []


def test_a_repair_stands_until_the_system_changes_the_record(
    refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = refused
    w.ws.plans[0].between[0].__dict__["write"] = False  # the ERP keeps its record as it is
    repair.edit(w.ws, RECORD, place_of({"state": "A"}), EVE)
    resending.send(w.ws, [RECORD], EVE)
    for full in (False, True, True):
        (report,) = w.sync(full=full)
        assert report["members"]["erp.people"]["pull"]["rejected"] == 0
        assert not w.rows("Rejected")
    w.ws.lenses["erp", "people"].version = "another"
    w.sync()
    assert not w.rows("Rejected"), "a new mapping reads the record as it was repaired"
    w.systems["erp"].put("people", "1", state="Y", changed=FEB)
    w.sync()
    assert [row["key"] for row in w.rows("Rejected")] == ["1"]
    w.systems["erp"].put("people", "1", state="B", changed=FEB)
    w.sync()
    assert not w.rows("Rejected")
    assert "B" in {r.get("state") for r in w.systems["crm"].records["people"].values()}


def test_an_edit_that_the_mapping_does_not_accept_says_why_and_is_not_kept(refused: Any) -> None:
    w = refused
    tried, _ = repair.edit(w.ws, RECORD, place_of({"family": "Li"}), EVE)
    assert any("status" in reason for reason in tried.reasons)
    tried, _ = repair.edit(w.ws, RECORD, place_of({"state": "A", "key": "9"}), EVE)
    assert "the key was edited" in tried.reasons[0]
    assert not w.rows("Repair")
    assert resending.send(w.ws, [RECORD], EVE) == {RECORD: "unedited"}


def test_a_check_keeps_nothing(refused: Any) -> None:
    before = refused.rows("Repair"), refused.rows("Rejected"), refused.rows("Entry")
    tried, _ = repair.edit(refused.ws, RECORD, place_of({"state": "A"}), EVE, check=True)
    assert tried.document
    assert tried.document["status"] == "active"
    assert (refused.rows("Repair"), refused.rows("Rejected"), refused.rows("Entry")) == before


def test_a_path_that_is_not_there_is_an_error_that_names_it() -> None:
    record = {"a": [{"b": "x"}], "n": 1}
    assert edited(record, {"a.0.b": "y", "n": "2", "new": "z"}) == {"a": [{"b": "y"}], "n": 2, "new": "z"}
    for path, value in (("a.7.b", "y"), ("c.d", "y"), ("n", "two")):
        with pytest.raises(ConfigError, match=path):
            edited(record, {path: value})


@pytest.mark.parametrize("now", [{"state": "B"}, {"state": "Y"}], ids=["readable", "refused again"])
def test_a_newer_word_of_the_system_overtakes_a_repair(refused: Any, now: dict[str, Any]) -> None:
    w = refused
    repair.edit(w.ws, RECORD, place_of({"state": "A"}), EVE)
    w.systems["erp"].put("people", "1", **now, changed=FEB)
    w.sync()
    assert resending.send(w.ws, [RECORD], EVE) == {RECORD: "superseded"}
    (row,) = w.rows("Repair")
    assert row["state"] == "overtaken"
    assert row["edited"], "what the person said is not lost"
    (told,) = [orjson.loads(e["body"]) for e in w.rows("Entry") if e["kind"] == "repair"]
    assert (told["repair"], told["state"]) == (row["id"], "overtaken")
    assert [orjson.loads(row["raw"])["state"] for row in w.rows("Rejected")] == ["Y"] * (now["state"] == "Y")


def test_what_was_dropped_stays_away_until_its_system_changes_it(refused: Any) -> None:
    w = refused
    repair.drop(w.ws, [RECORD], EVE)
    for full in (False, True):
        w.sync(full=full)
        assert not w.rows("Rejected")
    w.ws.lenses["erp", "people"].version = "another"
    w.sync()
    assert not w.rows("Rejected"), "set aside for good, also under a new mapping"
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.sync()
    assert [row["key"] for row in w.rows("Rejected")] == ["1"]
    (row,) = w.rows("Repair")
    assert (row["state"], row["why"]) == ("dropped", EVE.why)


@pytest.fixture
def locked(world: Callable[..., Any], tmp_path: Path) -> Any:
    """A world in which the CRM refuses to hear of Ann."""
    (folder := tmp_path / "locked").mkdir()
    w = world.make_in(
        folder, erp=Memory(), crm=Memory(refuse=lambda r: "LOCKED" if r.get("given") == "Ann" else None)
    )
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    return w


def test_a_refused_write_is_sent_again_by_a_person_up_to_the_cap_and_beyond_it_only_on_purpose(
    locked: Any,
) -> None:
    w = locked
    (place,) = repair.places(w.ws, reason=lambda text: "LOCKED" in text)
    assert place.step == "push"
    for _ in range(refusals.TRIES - 1):
        assert resending.send(w.ws, [place], EVE) == {place: "due"}
        assert resending.send(w.ws, [place], EVE) == {place: "waiting"}, "asked twice, it is one request"
        w.sync()
    assert resending.send(w.ws, [place], EVE) == {place: "capped"}
    refusals.retry(w.ws, after=-1.0)
    assert not w.rows("Due"), "the upkeep counts what people sent"
    w.systems["crm"].refuse = lambda record: None
    assert resending.send(w.ws, [place], EVE, anyway=True) == {place: "due"}
    w.sync()
    assert len(w.systems["crm"].records["people"]) == 1
    assert not w.rows("Rejected")
    assert len(w.rows("Repair")) == refusals.TRIES


def test_a_dropped_write_is_not_tried_again_until_its_profile_changes(locked: Any) -> None:
    w = locked
    repair.drop(w.ws, repair.places(w.ws), EVE)
    refusals.retry(w.ws, after=-1.0)
    w.sync()
    assert not w.rows("Rejected")
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.sync()
    assert [row["step"] for row in w.rows("Rejected")] == ["push"], (
        "a new write that is refused is listed again"
    )


def test_a_comparison_sends_no_write_that_was_dropped_or_refused_as_often_as_anybody_tries(
    locked: Any,
) -> None:
    w = locked

    def tries() -> int:
        return sum(row["state"] == "rejected" for row in w.rows("Intent"))

    for _ in range(refusals.TRIES + 2):
        report = engine.reconcile(w.ws, w.plans[0], repair=True)
        assert report.agrees is False, "it is named as often as it is compared"
    assert tries() == refusals.TRIES
    repair.drop(w.ws, repair.places(w.ws), EVE)
    engine.reconcile(w.ws, w.plans[0], repair=True)
    assert (tries(), w.rows("Rejected")) == (refusals.TRIES, [])
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    w.sync()
    engine.reconcile(w.ws, w.plans[0], repair=True)
    assert tries() == refusals.TRIES + 2, "another write is another matter"


def test_a_dropped_record_makes_no_systems_disagree_until_its_system_changes_it(refused: Any) -> None:
    w = refused
    repair.drop(w.ws, [RECORD], EVE)
    report = engine.reconcile(w.ws, w.plans[0])
    assert (report.agrees, [stream.counts["aside"] for stream in report.streams]) == (True, [1, 0])
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    assert engine.reconcile(w.ws, w.plans[0]).agrees is False


def test_looking_shows_all_and_changes_nothing(refused: Any, locked: Any) -> None:
    for w, expected in (
        (refused, ["state", "X"]),
        (locked, ["erp/people/1", "LOCKED", "Sent and refused so far: 1"]),
    ):
        (place,) = repair.places(w.ws)
        names = ("Due", "Intent", "Rejected", "Repair", "Entry", "Parked")
        before = {name: w.rows(name) for name in names}
        found = audit.look(w.ws, place)
        out = StringIO()
        show_repair.look(Console(file=out, width=200), found)
        assert {name: w.rows(name) for name in names} == before
        assert [text for text in expected if text not in out.getvalue()] == [], out.getvalue()
        assert "Ann" not in repr(found)
    assert found.document
    assert found.sent
    assert found.document["given_name"] == found.sent["record"]["given"] == "Ann"
    assert found.said["given_name"] == "erp/people/1"


def test_what_was_done_before_is_shown_with_who_and_why(refused: Any) -> None:
    w = refused
    repair.edit(w.ws, RECORD, place_of({"state": "A"}), EVE)
    repair.edit(w.ws, RECORD, place_of({"state": "B"}), Person("tom", "no, it is blocked"))
    assert [(f.actor, f.state) for f in audit.look(w.ws, RECORD).history] == [
        ("tom", "open"),
        ("eve", "overtaken"),
    ]
    w.systems["erp"].put("people", "1", state="Y", changed=FEB)
    w.sync()
    assert [f.state for f in audit.look(w.ws, RECORD).history] == ["overtaken", "overtaken"]


def test_a_write_is_not_edited(locked: Any) -> None:
    (place,) = repair.places(locked.ws)
    with pytest.raises(ConfigError, match="Correct the value where it was said"):
        repair.edit(locked.ws, place, place_of({"given": "Bo"}), EVE)


def test_killed_at_every_commit_a_repair_sent_again_counts_once(
    world: Any, lens: Any, tmp_path: Path
) -> None:
    def made(folder: Path) -> Any:
        erp = Memory()
        erp.put("people", "1", **{**ANN, "state": "X"})
        return stateful(world.make_in(folder, erp=erp, crm=Memory()), lens)

    def trial(folder: Path, kill_at: int) -> bool:
        folder.mkdir()
        w = made(folder)
        w.sync()
        repair.edit(w.ws, RECORD, place_of({"state": "A"}), EVE)
        w.store.close()
        killed = killed_at(kill_at, lambda: resending.send(made(folder).ws, [RECORD], EVE))
        w = made(folder)
        if w.rows("Rejected"):
            resending.send(w.ws, [RECORD], EVE)
        engine.match(w.ws, w.plans[0], engine.begin(w.ws, w.plans[0], "after"))
        assert [row["state"] for row in w.rows("Repair")] == ["applied"]
        assert len([e for e in w.rows("Entry") if e["kind"] == "repair"]) == 1
        assert len(w.rows("Contribution")) == 1 == len(w.rows("Profile"))
        w.store.close()
        return killed

    kill_at = 1
    while trial(tmp_path / str(kill_at), kill_at):
        kill_at += 1
    assert kill_at > 5
