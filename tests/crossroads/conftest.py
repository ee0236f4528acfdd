"""A small world for the engine: systems in memory, one mapping each, one store on disk.

The store is SQLite, or what CROSSROADS_TEST_STORE names (`postgres`); tests marked `both_stores` run on either.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from crossroads import engine
from crossroads.engine import System, Workspace
from crossroads.engine.survivorship import Survivorship
from crossroads.mapping import Lens
from crossroads.plan import Plan
from crossroads.store import Store, statistics, tables
from crossroads.testkit.memory import Memory
from sandbox.lenses import lens as mapping


class World:
    """Systems in memory between which plans run; `sync()` is one run of every plan, as the DAGs do it."""

    def __init__(self, url: str, systems: dict[str, Memory], plans: list[Plan]) -> None:
        self.systems, self.plans = systems, plans
        self.store = Store(url)
        if url.startswith("sqlite"):
            SQLModel.metadata.create_all(self.store.engine)
            with self.store.write() as db:
                statistics.tell(db)
        self.ws = self.workspace()
        self.runs = 0

    def workspace(self, **changes: Any) -> Workspace:
        return Workspace(
            store=self.store,
            plans=self.plans,
            system=lambda name: System(name, {"base_url": f"https://{name}.example"}),
            survivorship=Survivorship.shipped(),
            connect=lambda name: self.systems[name].connector("people", "orders", "posts"),
            lenses={
                (m.connection, m.stream): mapping(m.connection, plan.entity)
                for plan in self.plans
                for m in plan.between
            },
            **changes,
        )

    def run(self, plan: Plan, *, full: bool = False, run: str | None = None) -> dict[str, Any]:
        self.runs += 1
        name = run or f"run-{self.runs}"
        engine.begin(self.ws, plan, name, full=full)
        for member in plan.between:
            if member.read:
                engine.pull(self.ws, plan, member.name, name)
        engine.match(self.ws, plan, name)
        for member in plan.between:
            if member.write:
                engine.push(self.ws, plan, member.name, name)
        return engine.report(self.ws, plan, name)

    def begun(self, run: str) -> Plan:
        """Read and match in a run of the first plan, and push nothing."""
        plan = self.plans[0]
        engine.begin(self.ws, plan, run)
        for member in plan.between:
            engine.pull(self.ws, plan, member.name, run)
        engine.match(self.ws, plan, run)
        return plan

    def persons(self, name: str) -> Counter[str]:
        """Return how often each given name stands in a system."""
        return Counter(record["given"] for record in self.systems[name].records.get("people", {}).values())

    def who(self) -> list[list[str]]:
        """Return who is who, by the addresses of records."""
        named = {c["id"]: f"{c['connection']}/{c['stream']}/{c['key']}" for c in self.rows("Contribution")}
        found: dict[str, list[str]] = {}
        for link in self.rows("Link"):
            found.setdefault(link["profile"], []).append(named[link["contribution"]])
        return sorted(sorted(names) for names in found.values())

    def sync(self, *, full: bool = False) -> list[dict[str, Any]]:
        return [self.run(plan, full=full) for plan in self.plans]

    def writes(self) -> int:
        return sum(len(system.writes) for system in self.systems.values())

    def rows(self, name: str) -> list[Any]:
        model = getattr(tables, name)
        with self.store.read() as db:
            return list(db.execute(model.__table__.select()).mappings())


def customers(*names: str, create: str = "always", **members: Any) -> Plan:
    return Plan.model_validate(
        {
            "sync": "customers",
            "entity": "customer",
            "owner": "tests",
            "between": [
                {"connection": n, "stream": "people", "create": create, **members.get(n, {})} for n in names
            ],
        }
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_stores"):
        stores = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
        for name in {"world", "url"} & set(metafunc.fixturenames):
            metafunc.parametrize(name, stores, indirect=True)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []
    kind = getattr(request, "param", os.environ.get("CROSSROADS_TEST_STORE", "sqlite"))
    databases: dict[Path, str] = {}

    def url(folder: Path) -> str:
        """Return the store of a folder: the same one when asked again, as a file is."""
        if kind == "sqlite":
            return f"sqlite:///{folder / 'store.db'}"
        if folder not in databases:
            databases[folder] = request.getfixturevalue("postgres").migrated()
        return databases[folder]

    def make_in(folder: Path, plans: list[Plan] | None = None, **systems: Memory) -> World:
        made.append(World(url(folder), systems, plans or [customers(*systems)]))
        return made[-1]

    def make(plans: list[Plan] | None = None, **systems: Memory) -> World:
        return make_in(tmp_path, plans, **systems)

    make.make_in = make_in  # type: ignore[attr-defined]
    yield make
    for one in made:
        one.store.close()
    for database in databases.values():
        request.getfixturevalue("postgres").drop(database)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
    else:
        server = request.getfixturevalue("postgres")
        made = server.empty()
        yield made
        server.drop(made)


@pytest.fixture
def customer_plan() -> Callable[..., Plan]:
    return customers


@pytest.fixture
def lens() -> Callable[..., Lens]:
    return mapping
