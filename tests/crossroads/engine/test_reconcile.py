"""Every way in which systems can disagree is found, told, and put right by ordinary intents."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from crossroads import engine
from crossroads.engine import Disagree
from crossroads.engine.reconcile_found import Report, line
from crossroads.engine.reconcile_rows import Open, standing
from crossroads.errors import Superseded
from crossroads.plan import Plan
from crossroads.store import table
from crossroads.store.tables import Contribution, Due, Rejected
from crossroads.testkit.killer import killed_at
from sandbox.disagreements import (
    ANN,
    BO,
    FEB,
    MENDED,
    PLANTED,
    Declared,
    a_change_we_did_not_read,
    a_record_that_says_something_else,
    a_record_that_vanished,
    a_record_we_never_read,
    edit_in_the_store,
    key_of,
    profile_of,
)


@pytest.fixture
def agreed(world: Callable[..., Any]) -> Any:
    """Ann and Bo are in the ERP, the CRM and the shop, and all is synchronised."""
    w = world(erp=Declared(), crm=Declared(), shop=Declared())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", "2", **BO)
    w.sync()
    w.sync()
    return w


def compare(w: Any, *, repair: bool = False) -> Report:
    (plan,) = w.plans
    return engine.reconcile(w.ws, plan, repair=repair)


def against(report: Report) -> dict[str, dict[str, int]]:
    return {stream.name: dict(stream.against) for stream in report.streams if stream.against}


def still(w: Any) -> list[Open]:
    with w.store.read() as db:
        return standing(db)


def ids(value: Any) -> str:
    return getattr(value, "__name__", "")


def test_systems_that_agree_say_so_and_nothing_is_kept(agreed: Any) -> None:
    report = compare(agreed)
    assert report.agrees is True
    assert line([report]) == f"All 3 systems agree on 2 persons, checked {report.at[11:16]} UTC."
    assert agreed.rows("Drift") == []
    for stream in report.streams:
        assert [stream.counts[name] for name in ("there", "known", "same")] == [2, 2, 2]


def test_comparing_moves_no_cursor_writes_to_no_system_and_changes_no_row_but_its_own(agreed: Any) -> None:
    names = ("StreamState", "Contribution", "Link", "Profile", "Due", "Intent", "Step", "Page", "Run",
             "Rejected")  # fmt: skip
    a_change_we_did_not_read(agreed)
    before, writes = {name: agreed.rows(name) for name in names}, agreed.writes()
    compare(agreed)
    assert {name: agreed.rows(name) for name in names} == before
    assert agreed.writes() == writes


@pytest.mark.parametrize(("plant", "found"), PLANTED, ids=ids)
def test_each_kind_of_disagreement_is_found_and_told(
    agreed: Any, plant: Callable[[Any], None], found: dict[str, dict[str, int]]
) -> None:
    plant(agreed)
    report = compare(agreed)
    assert against(report) == found
    assert report.agrees is False
    (words,) = {line([report]).partition(": ")[2].partition(", checked")[0]}
    for name, kinds in found.items():
        assert f"{name}: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}" in words
    assert sorted((one.kind, one.disagrees) for one in still(agreed)) == sorted(
        (kind, True) for kinds in found.values() for kind, count in kinds.items() for _ in range(count)
    )
    with pytest.raises(Disagree, match=r"disagree|does not agree"):
        engine.reconciled(agreed.ws, agreed.plans[0])


@pytest.mark.parametrize("plant", [plant for plant, _ in MENDED], ids=ids)
def test_a_repair_puts_it_right_by_ordinary_intents(agreed: Any, plant: Callable[[Any], None]) -> None:
    plant(agreed)
    report = compare(agreed, repair=True)
    vanished = plant is a_record_that_vanished
    assert report.problems is None
    assert report.repaired == (0 if vanished else report.found)
    assert [one.kind for one in still(agreed)] == (["vanished"] if vanished else [])
    # Nothing is written beside the ledger.
    assert agreed.writes() == len([r for r in agreed.rows("Intent") if r["state"] == "written"])
    again = compare(agreed)
    assert against(again) == ({"crm.people": {"vanished": 1}} if vanished else {})
    writes = agreed.writes()
    agreed.sync()
    assert agreed.writes() == writes


def test_a_change_that_moved_no_version_is_taken_in(world: Callable[..., Any]) -> None:
    w = world(erp=Declared(), crm=Declared())
    w.systems["erp"].versioned = True
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.sync(full=True)
    w.systems["erp"].records["people"]["1"]["family"] = (
        "Poe"  # the version stays: an ordinary pull sees nothing
    )
    w.sync()
    assert key_of(w, "crm", "Ann")
    assert w.systems["crm"].value("people", "people-1", "family") == "Lee"
    report = compare(w, repair=True)
    assert against(report) == {"erp.people": {"stale": 1}}
    assert report.repaired == 1
    assert w.systems["crm"].value("people", "people-1", "family") == "Poe"
    (erp,) = [row for row in w.rows("Contribution") if row["connection"] == "erp"]
    assert erp["version"] == w.systems["erp"].value("people", "1", "version")
    assert compare(w).agrees is True


def test_what_differs_names_the_fields_and_never_a_value(agreed: Any) -> None:
    a_change_we_did_not_read(agreed)
    a_record_that_says_something_else(agreed)
    compare(agreed)
    found = {one.kind: one for one in still(agreed)}
    assert (found["drift"].fields, found["drift"].why) == (["family_name"], "")
    text = orjson.dumps([dict(row) for row in agreed.rows("Drift") + agreed.rows("Reconciliation")])
    text += b"".join(row["body"].encode() for row in agreed.rows("Entry") if row["kind"] == "reconcile")
    assert b"Poe" not in text
    assert b"Lee" not in text


def test_the_reason_is_told_where_the_store_knows_it(agreed: Any) -> None:
    plants = {"crm": "refused", "shop": "due"}
    for system in plants:
        edit_in_the_store(agreed, system, key_of(agreed, system, "Ann"), family="Poe")
    profile = profile_of(agreed, "erp", "1")
    with agreed.store.write() as db:
        db.execute(table(Due).insert().values(connection="shop", stream="people", profile=profile))
        refused = {
            "connection": "crm",
            "stream": "people",
            "key": key_of(agreed, "crm", "Ann"),
            "step": "push",
        }
        db.execute(table(Rejected).insert().values(**refused, reasons="[]", digest="", at="", run="r"))
    compare(agreed)
    assert {one.connection: one.why for one in still(agreed)} == plants


def test_what_is_on_its_way_is_a_drift_with_its_reason(agreed: Any) -> None:
    agreed.systems["erp"].put("people", "1", family="Poe", changed=FEB)
    (plan,) = agreed.plans
    engine.begin(agreed.ws, plan, "half")
    engine.pull(agreed.ws, plan, "erp.people", "half")
    report = compare(agreed)
    assert against(report) == {"erp.people": {"drift": 1}}
    assert [one.why for one in still(agreed)] == ["unmatched"]
    engine.match(agreed.ws, plan, "half")
    report = compare(agreed)
    assert against(report) == {"crm.people": {"drift": 1}, "shop.people": {"drift": 1}}
    assert [one.why for one in still(agreed)] == ["due", "due"]


def test_a_person_twice_in_a_system_is_told_and_is_no_disagreement(agreed: Any) -> None:
    agreed.systems["shop"].put("people", "twin", **ANN)
    agreed.sync()
    report = compare(agreed)
    assert report.agrees is True
    (one,) = still(agreed)
    assert (one.connection, one.kind, one.disagrees) == ("shop", "doubled", False)
    assert "2 records" in one.why


def test_where_absence_means_nothing_it_is_told_and_is_no_disagreement(agreed: Any) -> None:
    agreed.systems["crm"].deletes = "none"
    a_record_that_vanished(agreed)
    assert compare(agreed).agrees is True
    assert [(one.kind, one.why, one.disagrees) for one in still(agreed)] == [("vanished", "none", False)]


def test_a_listing_that_is_not_proved_complete_proves_no_absence(agreed: Any) -> None:
    a_record_that_vanished(agreed)
    agreed.systems["crm"].proved = False
    report = compare(agreed)
    (crm,) = [stream for stream in report.streams if stream.name == "crm.people"]
    assert crm.doubt == "the system did not mark its end"
    assert (crm.counts["unproved"], crm.counts["vanished"]) == (1, 0)
    assert still(agreed) == []


def test_a_record_that_a_listing_left_out_is_asked_for_by_key(agreed: Any) -> None:
    crm, key = agreed.systems["crm"], key_of(agreed, "crm", "Ann")
    record = crm.records["people"].pop(key)

    class Late(dict[str, Any]):
        """The records, of which one is shown to those who ask for it by key only."""

        def __contains__(self, name: object) -> bool:
            return name == key or super().__contains__(name)

        def __getitem__(self, name: str) -> Any:
            return record if name == key else super().__getitem__(name)

    crm.records["people"] = Late(crm.records["people"])
    report = compare(agreed)
    assert report.agrees is True
    (seen,) = [stream for stream in report.streams if stream.name == "crm.people"]
    assert (seen.counts["there"], seen.counts["same"]) == (2, 2)


def test_a_content_that_changed_in_nothing_we_map_is_no_disagreement(agreed: Any) -> None:
    agreed.systems["erp"].put("people", "1", last_login="today")
    report = compare(agreed)
    assert report.agrees is True
    (erp,) = [stream for stream in report.streams if stream.name == "erp.people"]
    assert (erp.counts["touched"], erp.counts["same"]) == (1, 1)


@pytest.mark.parametrize("repair", [False, True], ids=["compare", "repair"])
def test_what_we_write_while_a_system_is_asked_is_not_taken_for_its_own_word(
    agreed: Any, repair: bool
) -> None:
    def edited() -> None:
        agreed.systems["erp"].put("people", "1", family="Poe", changed=FEB)
        agreed.sync()

    agreed.systems["crm"].meanwhile = edited
    report = compare(agreed, repair=repair)
    assert against(report) == {}
    assert {stream.name: stream.counts["busy"] for stream in report.streams}["crm.people"] == 1
    agreed.sync()
    assert [
        agreed.systems[name].value("people", key_of(agreed, name, "Ann"), "family") for name in agreed.systems
    ] == ["Poe"] * 3


def test_a_record_that_was_set_aside_is_counted_as_such(agreed: Any) -> None:
    agreed.systems["erp"].records["people"]["odd"] = {"key": "", "seq": 99, "given": "x"}
    agreed.sync()
    assert len(agreed.rows("Rejected")) == 1
    (erp, *_) = compare(agreed).streams
    assert (erp.counts["aside"], erp.counts["missed"]) == (1, 0)


def test_a_dead_system_could_not_be_asked_and_the_others_are_reported(agreed: Any) -> None:
    agreed.systems["shop"].down = True
    report = compare(agreed)
    assert report.agrees is None
    assert line([report]).startswith("1 of 3 systems could not be asked: shop")
    a_change_we_did_not_read(agreed)
    report = compare(agreed, repair=True)
    assert line([report]).startswith(
        "1 of 3 systems disagrees: crm.people: 1 stale. 1 of 3 systems could not be asked: shop"
    )
    assert "shop.people" in str(report.problems)
    assert agreed.systems["erp"].value("people", "1", "family") == "Poe"


def test_a_system_that_breaks_off_ends_nothing_that_was_found_there(agreed: Any) -> None:
    crm = agreed.systems["crm"]
    crm.page = 1
    a_change_we_did_not_read(agreed)
    compare(agreed)
    crm.breaks_after = 1
    compare(agreed)
    assert [one.kind for one in still(agreed)] == ["stale"]
    crm.breaks_after = None
    agreed.sync()
    assert still(agreed) == []
    compare(agreed)
    assert [bool(row["ended_at"]) for row in agreed.rows("Drift")] == [True]


def test_what_came_right_by_itself_ends_and_begins_anew_if_it_comes_back(agreed: Any) -> None:
    key = key_of(agreed, "crm", "Ann")
    edit_in_the_store(agreed, "crm", key, family="Poe")
    first, second = compare(agreed), compare(agreed)
    (row,) = agreed.rows("Drift")
    assert (row["run"], row["ended_at"]) == (second.id, None)
    assert row["first_seen"] < row["last_seen"]
    assert first.id != second.id
    edit_in_the_store(agreed, "crm", key, family="Lee")
    assert compare(agreed).agrees is True
    (row,) = agreed.rows("Drift")
    assert row["ended_at"] is not None
    (told,) = [r["body"] for r in agreed.rows("Entry") if "came right" in (r["body"] or "")]
    assert orjson.loads(told) == {"came right": {"drift": 1}}
    edit_in_the_store(agreed, "crm", key, family="Poe")
    compare(agreed)
    (row,) = agreed.rows("Drift")
    assert row["ended_at"] is None
    assert row["first_seen"] == row["last_seen"]


def test_only_who_should_be_there_is_missing(world: Callable[..., Any], customer_plan: Any) -> None:
    when = {"create": {"when": {"family_name": "Lee"}}}
    w = world([customer_plan("erp", "crm", "shop", "forum", crm=when, shop={"create": "never"},
                             forum={"create": "needed"})],
              erp=Declared(), crm=Declared(), shop=Declared(), forum=Declared())  # fmt: skip
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", "2", **BO)
    (plan,) = w.plans
    engine.begin(w.ws, plan, "half")
    engine.pull(w.ws, plan, "erp.people", "half")
    engine.match(w.ws, plan, "half")
    assert against(compare(w)) == {"crm.people": {"missing": 1}}
    assert [(one.why, one.name) for one in still(w)] == [("due", profile_of(w, "erp", "1"))]
    assert compare(w, repair=True).repaired == 1
    assert still(w) == []


def test_references_are_compared_by_whom_they_mean(world: Callable[..., Any], customer_plan: Any) -> None:
    between = [{"connection": name, "stream": "orders", "create": "always"} for name in ("shop", "erp")]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    w = world([customer_plan("shop", "erp"), orders], shop=Declared(), erp=Declared())
    w.systems["shop"].put("people", "7", **ANN)
    w.systems["shop"].put("people", "8", **BO)
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="7", status="open")
    for _ in range(2):
        w.sync()
    assert engine.reconcile(w.ws, orders).agrees is True
    (key,) = w.systems["erp"].records["orders"]
    other = key_of(w, "erp", "Bo")
    edit = w.systems["erp"].records["orders"][key] | {"buyer": other}
    w.systems["erp"].records["orders"][key] = edit
    holds = orjson.dumps(w.ws.lens("erp", "orders").get(edit)).decode()
    rows = table(Contribution)
    with w.store.write() as db:
        mine = (rows.c.connection == "erp", rows.c.stream == "orders")
        db.execute(update(rows).where(*mine).values(holds=holds, said=None, echo=None, digest=""))
    assert against(engine.reconcile(w.ws, orders)) == {"erp.orders": {"drift": 1}}
    assert engine.reconcile(w.ws, orders, repair=True).repaired == 1
    assert w.systems["erp"].value("orders", key, "buyer") == key_of(w, "erp", "Ann")


def test_the_newer_of_two_comparisons_goes_on_and_the_older_stops(agreed: Any) -> None:
    crm = agreed.systems["crm"]
    a_change_we_did_not_read(agreed)
    reads = crm.connector

    def meanwhile(*streams: str, writable: bool = True) -> Any:
        crm.connector = reads
        compare(agreed)
        return reads(*streams, writable=writable)

    crm.connector = meanwhile
    with pytest.raises(Superseded):
        compare(agreed)
    assert [bool(row["ended_at"]) for row in agreed.rows("Reconciliation")] == [False, True]


@pytest.mark.parametrize("repair", [False, True], ids=["compare", "repair"])
def test_killed_at_any_commit_it_can_be_done_again(agreed: Any, tmp_path: Path, repair: bool) -> None:
    for name, system in agreed.systems.items():
        system.outlives = tmp_path / f"{name}.json"
        system.settle_seconds = 0.0
    a_change_we_did_not_read(agreed)
    a_record_we_never_read(agreed)
    at = 1
    while _killed(agreed, at, repair=repair):
        at += 2
    assert at > 5
    report = compare(agreed, repair=True)
    assert report.problems is None
    assert report.repaired == report.found
    assert still(agreed) == []
    for system in ("erp", "crm", "shop"):
        people = agreed.systems[system].records["people"].values()
        assert sorted(record["family"] for record in people) == ["Ek", "Poe", "Poe"]


def _killed(w: Any, at: int, *, repair: bool) -> bool:
    """Compare in a forked process that kills itself at its n-th commit; tell whether it was killed before its end."""
    w.store.close()
    killed = killed_at(at, lambda: compare(w, repair=repair))
    for system in w.systems.values():
        system.load()
    return killed
