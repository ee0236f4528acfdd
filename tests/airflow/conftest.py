import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a real Airflow of its own home, with a third party's system installed, answers; see inside.py."""
    home, mappings = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("mappings")
    (home / "dags").mkdir()
    for shipped in (
        "airflow.cfg",
        "dags/syncs.py",
        "dags/upkeep.py",
        "dags/stewards.py",
        "dags/.airflowignore",
    ):
        shutil.copy(ROOT / shipped, home / shipped)
    shutil.copytree(HERE / "syncs", home / "dags" / "syncs")
    (home / "plugins").symlink_to(ROOT / "plugins")
    for folder in (ROOT / "mappings", HERE / "mappings"):
        for entry in folder.iterdir():
            (mappings / entry.name).symlink_to(entry)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CROSSROADS"))
    }
    answers = home / "answers.json"
    ran = subprocess.run(
        (sys.executable, HERE / "inside.py", home, answers),
        env={**kept, "PYTHONPATH": str(HERE / "site"), "CROSSROADS_MAPPINGS": str(mappings)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-6000:]
    said: dict[str, Any] = json.loads(answers.read_text())
    return {**said, "printed": ran.stdout + ran.stderr}
