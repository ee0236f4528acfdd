"""What is asked for every chunk of records is looked up, however large the store: nothing walks through all there is.

SQLite says itself which way it would take; which one it takes follows from the indexes and from what it is told of large stores.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from crossroads import engine
from crossroads.engine import Workspace
from crossroads.engine.match import match
from crossroads.engine.planning import Planner
from crossroads.testkit.memory import Memory

LARGE = "contribution|link|intent|profile|node|edge|block|identity_key"
WALKED = re.compile(
    rf"SCAN ({LARGE})\b(?!.*intent_doubt)|SEARCH ({LARGE}) (?!.*intent_doubt).*\(connection=\? AND stream=\?( AND state=\?)?\)$"
)


@contextmanager
def ways(ws: Workspace) -> Iterator[dict[str, list[str]]]:
    """Collect by statement how SQLite finds what is asked for."""
    found: dict[str, list[str]] = {}

    def asked(_: Any, cursor: Any, statement: str, parameters: Any, __: Any, many: bool) -> None:
        if not many and statement.startswith(("SELECT", "UPDATE", "DELETE")) and statement not in found:
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found[statement] = [row[3] for row in plan]

    event.listen(ws.store.engine, "before_cursor_execute", asked)
    yield found
    event.remove(ws.store.engine, "before_cursor_execute", asked)


@pytest.fixture
def three(world: Callable[..., Any]) -> Any:
    """Three people in one system, made in another, and edited since."""
    w = world(erp=Memory(), crm=Memory())
    for day, family in ((1, "Lee"), (2, "Berg")):
        for n in "123":
            w.systems["erp"].put(
                "people",
                n,
                given=f"Ann{n}",
                family=family,
                mail=f"{n}@x.example",
                changed=f"2026-01-0{day}T00:00:00Z",
            )
        if day == 1:
            w.sync()
    return w


def test_a_chunk_is_matched_and_planned_without_walking_through_the_store(three: Any) -> None:
    (plan,) = three.plans
    member, run = plan.member("crm.people"), "run"
    engine.begin(three.ws, plan, run)
    engine.pull(three.ws, plan, "erp.people", run)
    with ways(three.ws) as matched:
        assert match(three.ws, plan, run)["matched"] == 3
    planner = Planner(
        three.ws, "customer", member, three.ws.lens("crm", "people"), run, creatable={}, read=True
    )
    with ways(three.ws) as planned, three.store.write() as db:
        considered, _ = planner.chunk(db)
        assert len(considered) == 3
    seen = {**matched, **planned}
    assert len(seen) > 15
    walked = {
        statement: plan for statement, plan in seen.items() if any(WALKED.search(line) for line in plan)
    }
    assert walked == {}


def test_what_waits_to_be_matched_is_not_sorted_anew_for_each_chunk(three: Any) -> None:
    (plan,) = three.plans
    engine.begin(three.ws, plan, "run")
    engine.pull(three.ws, plan, "erp.people", "run")
    with ways(three.ws) as asked:
        match(three.ws, plan, "run")
    (waiting,) = [
        plan for statement, plan in asked.items() if "dirty > 0" in statement and "LIMIT" in statement
    ]
    assert any("contribution_dirty" in line for line in waiting)
    assert not any("ORDER BY" in line for line in waiting)
