"""Do all systems agree, and where not."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads import engine
from crossroads.audit.runs import run_of
from crossroads.audit.status import Overview, overview
from crossroads.engine import RunFailed
from crossroads.errors import ConfigError, Unavailable
from crossroads.plan import Plan
from crossroads.store import table
from crossroads.store.tables import Due, Run
from crossroads.testkit.memory import Memory

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": "2026-01-01T00:00:00Z"}


def seen(w: Any) -> Overview:
    with w.store.read() as db:
        return overview(db, w.plans)


def nothing_ran(w: Any) -> None:
    pass


def all_is_well(w: Any) -> None:
    w.sync()


def a_write_is_refused(w: Any) -> None:
    w.systems["crm"].refuse = lambda record: "LOCKED"
    w.sync()


def a_profile_is_due(w: Any) -> None:
    w.sync()
    with w.store.write() as db:
        db.execute(table(Due).insert().values(connection="crm", stream="people", profile="p"))


def a_system_is_down(w: Any) -> None:
    w.sync()
    w.systems["crm"].down = True
    (plan,) = w.plans
    engine.begin(w.ws, plan, "red")
    engine.pull(w.ws, plan, "erp.people", "red")
    with pytest.raises(Unavailable):
        engine.pull(w.ws, plan, "crm.people", "red")
    engine.match(w.ws, plan, "red")
    with pytest.raises(RunFailed):
        engine.report(w.ws, plan, "red")


def a_record_was_never_read(w: Any) -> None:
    w.sync()
    w.systems["erp"].put("people", "2", given="Bo", family="Ek", mail="bo@ek.example")
    engine.reconcile(w.ws, w.plans[0])


def a_record_was_read_since(w: Any) -> None:
    a_record_was_never_read(w)
    w.sync()


def a_run_was_abandoned(w: Any) -> None:
    w.sync()
    with w.store.write() as db:
        late = {
            "id": "lost",
            "sync": "customers",
            "entity": "customer",
            "started_at": "2099-01-01T00:00:00.000000Z",
        }
        row = {**late, "full": False, "state": "failed", "ended_at": "2099-01-02T00:00:00.000000Z"}
        db.execute(table(Run).insert().values(**row, summary="{}", airflow="{}"))


@pytest.mark.parametrize(
    ("story", "verdict", "gaps"),
    [
        (nothing_ran, "new", []),
        (all_is_well, "agree", []),
        (a_write_is_refused, "waiting", [("refused", "crm.people", 1)]),
        (a_profile_is_due, "moving", [("due", "crm.people", 1)]),
        (a_system_is_down, "failing", [("run", "customers", 0)]),
        (a_record_was_never_read, "apart", [("differs", "erp.people", 1)]),
        (a_record_was_read_since, "agree", []),
        (a_run_was_abandoned, "failing", [("abandoned", "customers", 0)]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_verdict_names_what_keeps_systems_from_agreeing(
    world: Callable[..., Any], story: Callable[[Any], None], verdict: str, gaps: list[tuple[str, str, int]]
) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    story(w)
    found = seen(w)
    assert found.verdict == verdict
    assert [(gap.kind, gap.where, gap.count) for gap in found.gaps] == gaps


def test_the_last_comparison_of_each_sync_is_told(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    assert seen(w).compared == []
    a_record_was_never_read(w)
    (told,) = seen(w).compared
    assert (told.sync, told.agrees) == ("customers", False)
    assert [list(gap.told) for gap in seen(w).gaps] == [["1 missed"]]
    w.sync()
    w.systems["erp"].down = True
    engine.reconcile(w.ws, w.plans[0])
    assert [one.agrees for one in seen(w).compared] == [None]


def test_a_red_run_tells_its_problems(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    a_system_is_down(w)
    (gap,) = seen(w).gaps
    assert any("crm.people: pull failed" in told for told in gap.told)


def test_what_waits_is_counted_by_what_it_waits_for(world: Callable[..., Any], customer_plan: Any) -> None:
    between = [{"connection": "shop", "stream": "orders"}]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    w = world([customer_plan("shop"), orders], shop=Memory())
    for number in ("1", "2"):
        w.systems["shop"].put("orders", number, reference=f"#{number}", buyer="nobody", status="open")
    w.sync()
    found = seen(w)
    assert found.verdict == "waiting"
    (gap,) = found.gaps
    assert (gap.kind, gap.where, gap.count, list(gap.told)) == ("parent", "shop.orders", 2, ["shop/people"])


def test_a_stream_shows_what_it_holds_and_how_it_fared(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    views = {view.name: view for view in seen(w).streams}
    assert (views["erp.people"].held, views["erp.people"].read["applied"]) == (1, 1)
    assert (views["crm.people"].held, views["crm.people"].wrote["applied"]) == (1, 1)
    assert views["erp.people"].read_at is not None


def test_a_run_names_every_record_and_how_it_ended(world: Callable[..., Any]) -> None:
    w = world(
        erp=Memory(), crm=Memory(refuse=lambda record: "LOCKED" if record.get("given") == "Bo" else None)
    )
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", "2", given="Bo", family="Ek", mail="bo@ek.example")
    w.sync()
    with w.store.read() as db:
        run, steps = run_of(db, "run-1")
        with pytest.raises(ConfigError, match="no run and no sync 'nix'"):
            run_of(db, "nix")
    by_name = {(step.step, step.member): step.outcomes for step in steps}
    assert run.state == "finished"
    assert by_name["pull", "erp.people"] == {"applied": ["1", "2"]}
    assert {outcome: len(keys) for outcome, keys in by_name["push", "crm.people"].items()} == {
        "applied": 1,
        "rejected": 1,
    }
