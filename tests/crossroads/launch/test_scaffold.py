import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crossroads.errors import ConfigError
from crossroads.launch.scaffold import connector

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "connectors").mkdir()
    for name in ("pyproject.toml", "connectors/__init__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_new_connector_passes_its_contract_as_it_is_written(checkout: Path) -> None:
    written = connector(checkout, "blue_desk")
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    known = project["project"]["entry-points"]["crossroads.connectors"]
    assert known["blue_desk"] == "connectors.blue_desk"
    assert known["sap_s4"] == "connectors.sap_s4"
    assert not [
        path for path in written if "acme" in path.read_text().lower() and path.name != "pyproject.toml"
    ]
    # As the install would: the entry point is known, and this `connectors` comes before the other.
    info = checkout / "blue_desk-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: blue-desk\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[crossroads.connectors]\nblue_desk = connectors.blue_desk\n")
    ran = subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors/blue_desk"),
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": f"{checkout}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert "passed" in ran.stdout
    assert "failed" not in ran.stdout


@pytest.mark.parametrize("name", ["Acme", "acme-shop", "1st", "class", "../x", ""])
def test_a_name_that_cannot_be_a_package_is_refused(checkout: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="no name for a system"):
        connector(checkout, name)


def test_a_connector_that_is_there_is_not_overwritten(checkout: Path) -> None:
    connector(checkout, "blue_desk")
    with pytest.raises(ConfigError, match="already"):
        connector(checkout, "blue_desk")
