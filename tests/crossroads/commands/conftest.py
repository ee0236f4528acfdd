"""A home for the commands: a folder that they find, with the syncs and the store of a world."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(autouse=True)
def level_of_the_log() -> Iterator[None]:
    """Airflow, which the commands open quietly, lets the whole process log errors only: other tests look for warnings."""
    level = logging.root.level
    yield
    logging.root.setLevel(level)


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Return what lets the commands find a world, and gives it back."""

    def settle_in(w: Any) -> Any:
        (tmp_path / "dags" / "syncs").mkdir(parents=True)
        (tmp_path / "airflow.cfg").touch()
        for plan in w.plans:
            said = yaml.safe_dump(plan.model_dump(mode="json"))
            (tmp_path / "dags" / "syncs" / f"{plan.sync}.yaml").write_text(said)
        monkeypatch.setenv("CROSSROADS_HOME", str(tmp_path))
        monkeypatch.setenv("CROSSROADS_DATABASE_URL", w.store.url)
        return w

    return settle_in
