"""`make crash`: thousands of seeded trials of the promises; the same seed plays the same trial."""

import multiprocessing
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
import stamina.instrumentation
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crossroads.store import migrate
from sandbox.crash import server
from sandbox.crash.run import Weather, perform
from sandbox.crash.trial import KINDS, Pace, Trial, Verdict

REPORT = Path("var/crash/report.json")
Fresh = Callable[[], str]


def main(
    sqlite: int = typer.Option(2000, help="Trials on SQLite."),
    seed: int = typer.Option(1, help="The first seed."),
    only: int | None = typer.Option(None, help="Play this one seed and say what happens."),
    slots: int = typer.Option(2, help="Trials at a time."),
) -> None:
    """Play, show and store."""
    console = Console(width=200)
    stamina.instrumentation.set_on_retry_hooks([])  # thousands of repeated reads are no news here
    if only is not None:
        verdicts = list(_played([only], 1, console.print))
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("trials", total=sqlite)
            verdicts = []
            for verdict in _played(range(seed, seed + sqlite), slots, None):
                verdicts.append(verdict)
                progress.update(task, advance=1)
                for told in _told(verdict):
                    progress.console.print(told, markup=False)
    counts: Counter[str] = Counter(trials=len(verdicts))
    for verdict in verdicts:
        counts.update(verdict.counts)
    report = {name: counts[name] for name in ("trials", "kills", "faults", "double_attempts")}
    report |= {kind: sum(len(verdict.wrong.get(kind, ())) for verdict in verdicts) for kind in KINDS}
    failed = [verdict.seed for verdict in verdicts if verdict.wrong]
    console.print(report)
    if only is not None:
        for told in (line for verdict in verdicts for line in _told(verdict)):
            console.print(told, markup=False)
    else:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_bytes(orjson.dumps({**report, "failed_seeds": failed}, option=orjson.OPT_INDENT_2))
        console.print(f"Written to {REPORT}")
    raise typer.Exit(1 if failed else 0)


def _told(verdict: Verdict) -> Iterator[str]:
    for kind, those in verdict.wrong.items():
        for one in those:
            yield f"seed {verdict.seed}: {kind}: {one}"


def _played(seeds: Any, slots: int, say: Callable[[str], None] | None) -> Iterator[Verdict]:
    """Yield the verdicts, in the order in which they come."""
    fork = multiprocessing.get_context("fork")
    todo, done = fork.SimpleQueue(), fork.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        template = Path(folder) / "template.db"
        migrate(f"sqlite:///{template}")
        with server.running() as url:
            perform(url, _copied(template, Path(folder) / "warm.db"), "warm", Weather(0))
        workers = [
            fork.Process(target=_slot, args=(todo, done, template, Path(folder) / str(slot), say))
            for slot in range(slots)
        ]
        for worker in workers:
            worker.start()
        for one in (*seeds, *[None] * slots):
            todo.put(one)
        for _ in seeds:
            yield done.get()
        for worker in workers:
            worker.join()


def _slot(todo: Any, done: Any, template: Path, folder: Path, say: Callable[[str], None] | None) -> None:
    folder.mkdir()
    pace = Pace()
    with server.running() as url:
        while (seed := todo.get()) is not None:
            database = _copied(template, folder / f"{seed}.db")
            try:
                done.put(Trial(seed, url, database, pace, say or (lambda _: None)).play())
            except Exception:  # a mistake of the trial's own must not leave the others waiting
                done.put(Verdict(seed, wrong={"not_converged": [traceback.format_exc()]}))
            for path in folder.glob(f"{seed}.db*"):
                path.unlink()


def _copied(template: Path, path: Path) -> str:
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"


if __name__ == "__main__":
    typer.run(main)
