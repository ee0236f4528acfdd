"""What the console asks the store, without Airflow: the query module imports none."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlmodel import SQLModel

from crossroads.plan import Plan
from crossroads.store import Store, table
from crossroads.store import tables as t

PLANS = [
    Plan.model_validate(
        {
            "sync": "customers",
            "entity": "customer",
            "owner": "tests",
            "between": [
                {"connection": "erp", "stream": "partners"},
                {"connection": "crm", "stream": "contacts"},
            ],
        }
    )
]
AT = "2026-11-22T10:0{}:00.000000Z"
COUNTS = {"pull": {"read": 3, "applied": 2, "unchanged": 1}, "push": {"read": 2, "applied": 1, "rejected": 1}}


@pytest.fixture(scope="module")
def queries() -> ModuleType:
    path = Path(__file__).parents[2] / "plugins" / "console" / "queries.py"
    spec = importlib.util.spec_from_file_location("console_queries", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["console_queries"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    with store.write() as connection:
        SQLModel.metadata.create_all(connection)
        yield connection
    store.close()


def put(db: Connection, model: type[SQLModel], **values: Any) -> None:
    db.execute(table(model).insert().values(**values))


def run(db: Connection, name: str, minute: int, state: str = "finished", **more: Any) -> None:
    summary = {"members": {"erp.partners": COUNTS}, "problems": more.get("problems", [])}
    put(
        db,
        t.Run,
        id=name,
        sync="customers",
        entity="customer",
        full=False,
        state=state,
        started_at=AT.format(minute),
        ended_at=None if state == "running" else AT.format(minute),
        summary=json.dumps(summary if state != "running" else {}),
        airflow=json.dumps({"run": f"scheduled__{minute}"}),
    )


def step(db: Connection, run: str, minute: int, state: str, error: str | None = None) -> None:
    values = {"run": run, "step": "pull", "member": "erp.partners", "state": state, "error": error}
    put(
        db,
        t.Step,
        **values,
        compared=False,
        attempts=1,
        started_at=AT.format(minute),
        ended_at=AT.format(minute),
    )


def test_systems_are_shown_before_anything_has_run(queries: ModuleType, db: Connection) -> None:
    seen = queries.overview(db, PLANS)
    assert [(view.connection, view.held, view.read_at) for view in seen.streams] == [
        ("erp", 0, None),
        ("crm", 0, None),
    ]
    assert seen.verdict == "new"


def test_all_systems_agree_when_the_last_run_is_green_and_nothing_is_on_its_way(
    queries: ModuleType, db: Connection
) -> None:
    run(db, "old", 1, "failed")
    run(db, "new", 2)
    assert queries.overview(db, PLANS).verdict == "agree"


@pytest.mark.parametrize(
    ("verdict", "model", "values"),
    [
        ("moving", t.Due, {"profile": "p"}),
        ("waiting", t.Rejected, {"key": "1", "step": "pull", "reasons": "[]", "digest": ""}),
    ],
)
def test_the_verdict_says_what_keeps_systems_from_agreeing(
    queries: ModuleType, db: Connection, verdict: str, model: type[SQLModel], values: dict[str, Any]
) -> None:
    run(db, "new", 2)
    columns = table(model).c
    more = {"at": AT.format(1), "run": "new"} if "run" in columns else {}
    put(db, model, connection="erp", stream="partners", **values, **more)
    assert queries.overview(db, PLANS).verdict == verdict


def test_a_red_run_outweighs_everything_until_the_next_green_one(queries: ModuleType, db: Connection) -> None:
    run(db, "one", 1)
    run(db, "two", 2, "failed")
    assert queries.overview(db, PLANS).verdict == "failing"
    run(db, "three", 3)
    assert queries.overview(db, PLANS).verdict == "agree"


def test_the_last_read_is_the_last_one_that_succeeded_and_a_failure_is_shown_beside_it(
    queries: ModuleType, db: Connection
) -> None:
    step(db, "one", 1, "finished")
    step(db, "two", 2, "failed", "no connection to the system")
    (erp, _) = queries.overview(db, PLANS).streams
    assert (erp.read_at, erp.error) == (AT.format(1), "no connection to the system")
    step(db, "three", 3, "finished")
    (erp, _) = queries.overview(db, PLANS).streams
    assert (erp.read_at, erp.error) == (AT.format(3), None)


def test_the_counts_of_a_run_add_up_its_members(queries: ModuleType, db: Connection) -> None:
    run(db, "one", 1)
    (seen,) = queries.overview(db, PLANS).runs
    assert seen.counts == {"read": 3, "applied": 2, "unchanged": 1, "written": 1, "held_back": 1}
    assert seen.dag_run == "scheduled__1"


def test_a_run_that_is_not_closed_shows_the_steps_that_failed(queries: ModuleType, db: Connection) -> None:
    run(db, "one", 1, "running")
    step(db, "one", 1, "failed", "no connection to the system")
    (seen,) = queries.overview(db, PLANS).runs
    assert seen.problems == ["erp.partners: pull failed: no connection to the system"]
