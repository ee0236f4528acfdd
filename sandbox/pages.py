"""Pages of the documentation: what they show, tried in a scratch checkout.

A page's blocks are tried in order: `yaml file=PATH` and `python file=PATH` are written there, `console run` is typed
there and has to print what follows, `>>>` is tried as a doctest. `...` stands for anything.
"""

import doctest
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^(`{3,})(\w*)[ ]?([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
GROUP = "crossroads.connectors"


class Block(NamedTuple):
    """One fenced block: its language, what else its first line says, and its text."""

    kind: str
    told: str
    text: str

    @property
    def runnable(self) -> bool:
        """Whether it can be tried."""
        return self.told == "run" or self.told.startswith("file=") or self.text.startswith(">>> ")


def pages() -> list[Path]:
    """Return every page of this repository."""
    places = ("*.md", "docs/**/*.md", "connectors/**/*.md", "mappings/*.md", "sandbox/*.md")
    return sorted(path for place in places for path in ROOT.glob(place))


def blocks(page: Path) -> list[Block]:
    """Return a page's fenced blocks in order."""
    return [Block(*found[1:]) for found in FENCED.findall(page.read_text(encoding="utf-8"))]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def spans(page: Path) -> list[str]:
    """Return what a page sets in code within its sentences."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def code(*found: Path) -> str:
    """Return everything that pages set in code, spans and blocks."""
    return "\n".join(
        part for page in found for part in (*spans(page), *(block.text for block in blocks(page)))
    )


def scratch(folder: Path) -> Path:
    """Make a folder what somebody has who checked this repository out, as far as the pages need it."""
    for name in ("connectors", "mappings", "dags/syncs", "tests/connectors", "tests/mappings"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "airflow.cfg"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def wrong(block: Block, checkout: Path) -> Iterator[str]:
    """Do what a block says, and yield what comes out otherwise than it says."""
    if block.told.startswith("file="):
        path = checkout / block.told.removeprefix("file=")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
    elif block.kind == "console":
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, want = part.partition("\n")
            got = _typed(["sh", "-c", command], checkout)
            _install(checkout)
            if not doctest.OutputChecker().check_output(want, got, LIKE):
                yield f"$ {command}\n{got}"
    else:
        script = checkout / "block.txt"
        script.write_text(block.text)
        options = ("-o", "ELLIPSIS", "-o", "NORMALIZE_WHITESPACE")
        if told := _typed([sys.executable, "-m", "doctest", *options, str(script)], checkout):
            yield told


def _install(checkout: Path) -> None:
    """Make new connectors known, as the next `make` does."""
    project = checkout / "pyproject.toml"
    if not project.exists():
        return
    known, now = (
        tomllib.loads(path.read_text())["project"]["entry-points"][GROUP]
        for path in (ROOT / "pyproject.toml", project)
    )
    info = checkout / "scratch-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scratch\nVersion: 1\n")
    lines = [f"{name} = {value}\n" for name, value in now.items() if name not in known]
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{''.join(lines)}")


def _typed(command: list[str], checkout: Path) -> str:
    """Return what a command prints; the checkout's packages come before ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{checkout}{os.pathsep}{ROOT}",
        "CROSSROADS_MAPPINGS": str(checkout / "mappings"),
        "COLUMNS": "220",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    ran = subprocess.run(  # noqa: S603 - what our own pages show
        command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    return ran.stdout
