"""What a batch costs the server does not grow with its records: the same statements for ten as for a hundred."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from crossroads import engine
from crossroads.engine.planning import Planner
from crossroads.testkit.memory import Memory


@pytest.mark.parametrize("again", [False, True], ids=["new", "changed"])
def test_reading_matching_and_planning_cost_the_same_however_many_records(
    world: Any, tmp_path: Any, again: bool
) -> None:
    def costs(people: int) -> dict[str, int]:
        (folder := tmp_path / str(people)).mkdir()
        w = world.make_in(folder, erp=Memory(page=1000), crm=Memory(page=1000))
        (plan,) = w.plans
        for n in range(people):
            w.systems["erp"].put(
                "people", str(n), given=f"P{n}", family=f"F{n}", mail=f"p{n}@x.example", city="Bonn"
            )
            w.systems["crm"].put("people", str(n), given=f"P{n}", family=f"F{n}", mail=f"p{n}@x.example")
        if again:
            w.sync()
            for n in range(people):
                w.systems["erp"].put("people", str(n), city="Ulm")
        engine.begin(w.ws, plan, "r")
        lens = w.ws.lens("crm", "people")
        planner = Planner(w.ws, plan.entity, plan.member("crm.people"), lens, "r", creatable={})

        def planned() -> None:
            with w.store.write(*planner.scopes) as db:
                assert len(planner.chunk(db)[0]) == people

        steps: dict[str, Callable[[], Any]] = {
            "pull": lambda: [engine.pull(w.ws, plan, f"{name}.people", "r") for name in ("erp", "crm")],
            "match": lambda: engine.match(w.ws, plan, "r"),
            "plan": planned,
        }
        seen: Counter[str] = Counter()
        for name, step in steps.items():
            listen = lambda *_, name=name: seen.update([name])  # noqa: E731
            event.listen(w.store.engine, "before_cursor_execute", listen)
            step()
            event.remove(w.store.engine, "before_cursor_execute", listen)
        return dict(seen)

    assert costs(10) == costs(100)
