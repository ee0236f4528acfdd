"""Several workers on one PostgreSQL for a short time, and a store that is lost under load and restored from a back-up."""

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from crossroads.engine.restored import restored
from crossroads.store import migrate
from sandbox.load.load import Load, deadlocks
from sandbox.load.workers import workspace
from sandbox.postgres import program

SECONDS = 6.0
EDITS = 40.0
RIGHT = {
    "duplicates": 0,
    "lost": 0,
    "differing": 0,
    "undead": 0,
    "hanging": 0,
    "journal": 0,
    "not_converged": 0,
}


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A store, and an empty database for its back-up."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}", f"sqlite:///{tmp_path / 'restored.db'}"
    else:
        server = request.getfixturevalue("postgres")
        made = server.empty(), server.empty()
        yield made
        for url in made:
            server.drop(url)


def back_up(store: str, into: str, folder: Path) -> None:
    """Copy a store as docs/back-up.md says, while others work in it."""
    if store.startswith("sqlite"):
        source = sqlite3.connect(str(make_url(store).database))
        source.execute("VACUUM INTO ?", (make_url(into).database,))
        source.close()
        return
    dump = folder / "store.backup"
    for name, *arguments in (
        ("pg_dump", "--format=custom", f"--file={dump}", store),
        ("pg_restore", "--no-owner", f"--dbname={into}", str(dump)),
    ):
        subprocess.run([str(program(name)), *arguments], check=True, capture_output=True)


def right(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in RIGHT}


@pytest.mark.postgres
@pytest.mark.distributed
def test_four_workers_on_one_store_double_nobody_and_lose_nothing(postgres: Any) -> None:
    url = postgres.migrated()
    with Load(url, seed=5) as load:
        told = load.run(SECONDS, 4, EDITS)
        assert told["errors"] == {}
        assert told["runs"] >= 4
        assert told["over_budget"] == {}, "counted by the systems themselves"
        found = load.rest()
        assert found["people"]
        assert right(found) == RIGHT, found
        assert deadlocks(url) == 0
    postgres.drop(url)


@pytest.mark.distributed
@pytest.mark.parametrize(
    "places", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_a_store_restored_from_a_back_up_under_load_sends_nothing_twice(
    places: tuple[str, str], tmp_path: Path
) -> None:
    store, copy = places
    migrate(store)
    with Load(store, seed=3) as load:
        load.start(600, 2)
        load.edit(SECONDS, EDITS)
        back_up(store, copy, tmp_path)
        load.edit(SECONDS, EDITS)
        load.kill()
        migrate(copy)
        ws = workspace(copy, load.systems)
        restored(ws)
        ws.store.close()
        found = load.rest(copy)
        assert found["people"] > 20
        assert right(found) == RIGHT, found
