"""`make breaks`: break a copy of the code on purpose, one line at a time, and see a test go red each time.

`tests/breaks.yaml` keeps the list. A break that no test notices is a hole in the tests, and fails this command.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import typer
import yaml
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import Progress

ROOT = Path(__file__).parents[1]
COPIES = 2
LIMIT = 300


class Break(BaseModel):
    """One bug: in `file`, `old` becomes `new`; one of `tests` must turn red. `of` names the promise or part it attacks.

    `trials` says how many crash trials may be needed to meet it, where only those can.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    of: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    trials: int = 0


def kept() -> list[Break]:
    """Return the list."""
    return [Break.model_validate(one) for one in yaml.safe_load((ROOT / "tests/breaks.yaml").read_text())]


def copied(folder: Path) -> Path:
    """Copy what git knows, and what it does not ignore, into a folder."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in told.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def tried(folder: Path, one: Break) -> str:
    """Break the copy, run the tests, mend it; return what is wrong with the break, or nothing."""
    path = folder / one.file
    whole = path.read_text()
    if whole.count(one.old) != 1:
        return f"the old text stands there {whole.count(one.old)} times: write it anew"
    path.write_text(whole.replace(one.old, one.new))
    try:
        return "" if _red(folder, one) else "no test noticed"
    finally:
        path.write_text(whole)


def _red(folder: Path, one: Break) -> bool:
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        *one.tests,
    ]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    if one.trials:
        environment["CROSSROADS_TRIALS"] = str(one.trials)
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=LIMIT + 12 * one.trials,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True  # a test that hangs is red too
    if done.returncode not in (0, 1):
        raise SystemExit(
            f"pytest could not run {one.tests}: {done.stdout[-500:].decode()}{done.stderr[-500:].decode()}"
        )
    return done.returncode == 1


def main(only: str = typer.Option("", help="Only breaks whose text or file holds this.")) -> None:
    """Try every break and say which were not noticed."""
    console = Console()
    breaks = [one for one in kept() if only in f"{one.of} {one.file} {one.old}"]
    with tempfile.TemporaryDirectory() as folder, Progress(console=console, transient=True) as progress:
        copies: Queue[Path] = Queue()
        for number in range(COPIES):
            copies.put(copied(Path(folder) / str(number)))
        task = progress.add_task("breaking", total=len(breaks))

        def attempt(one: Break) -> str:
            place = copies.get()
            try:
                return tried(place, one)
            finally:
                copies.put(place)
                progress.advance(task)

        with ThreadPoolExecutor(COPIES) as pool:
            wrong = [(one, told) for one, told in zip(breaks, pool.map(attempt, breaks), strict=True) if told]
    for one, told in wrong:
        console.print(
            f"{one.of}, {one.file}: {told}\n  - {one.old.strip()}\n  + {one.new.strip()}", markup=False
        )
    console.print(f"{len(breaks) - len(wrong)} of {len(breaks)} breaks turned a test red")
    raise typer.Exit(1 if wrong else 0)


if __name__ == "__main__":
    typer.run(main)
