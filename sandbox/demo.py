"""The demonstration: five systems that disagree, synchronised by the real DAGs, and judged by the truth.

First all DAGs until nothing is left to do, at most three rounds. Then all DAGs once more with everything compared,
which must write nothing.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from crossroads.launch import home as homes
from crossroads.store import Store
from sandbox import flows, outcome, play, stand_ins
from sandbox.checker import check
from sandbox.play import Ran
from sandbox.stand_ins import StandIns
from sandbox.world.population import build
from sandbox.world.truth import World


def main(keep: bool = False) -> None:
    """Run the demonstration, print its tables, write its report, and fail if a promise is broken."""
    console, began = Console(), time.monotonic()
    home = homes.find()
    with home.locked():
        home.claim(sandbox=True)
        home.enter(quiet=True)
        folder = home.var / "demo"
        with console.status("Starting five systems and loading two thousand persons ..."):
            started, run = prepared(folder, build())
        try:
            console.print(f"Loaded and ready after {time.monotonic() - began:.0f} s.", highlight=False)
            report = played(started, run, Store(home.database_url), console)
            (folder / "report.json").write_text(json.dumps(report, indent=2))
        finally:
            if keep:
                started.describe()
            else:
                started.end()
    seconds = time.monotonic() - began
    console.print(f"{folder / 'report.json'} after {seconds:.0f} s.", highlight=False, soft_wrap=True)
    if keep:
        where = folder / "systems.json"
        console.print(f"The systems stay up; {where} says where.", highlight=False, soft_wrap=True)
    if broken := outcome.broken(report):
        console.print(f"[bold red]Not as promised:[/] {'; '.join(broken)}.", highlight=False)
        raise typer.Exit(1)


def prepared(folder: Path, world: World) -> tuple[StandIns, Ran]:
    """Start the stand-ins while the databases are made ready; return them and a way to run DAGs."""
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(stand_ins.start, folder, world)
        # Imported late: Airflow reads its settings when it is imported.
        from crossroads.airflow import run_dag
        from crossroads.engine.workspace import System
        from crossroads.launch import prepare

        prepare.ready()
        started = starting.result()
    prepare.write({name: System(**system) for name, system in started.systems.items()})

    def run(dag_id: str, compare: bool) -> tuple[str, bool]:
        ran = run_dag(dag_id, compare=compare)
        return ran.run, ran.green

    return started, run


def played(started: StandIns, run: Ran, store: Store, console: Console) -> dict[str, Any]:
    """Check, run, check again, and return the report."""
    truth = json.loads((started.folder / "truth.json").read_text())
    before = check(started.systems, truth)
    console.print(f"Before: {before.share:.1%} of {before.to_settle:,} planted cells are right.")
    rounds = play.first(started, run, console)
    second = play.one(started, run, console, "Once more, everything compared", compare=True)
    after = check(started.systems, truth)
    report = outcome.report(store, truth, before, after, rounds, second)
    report["flows"] = flows.seen(started.systems, truth)
    console.print(outcome.shown(report["per_system"], "First: all DAGs until quiet"))
    console.print(outcome.shown(outcome.per_system(store, second.runs), "Second: everything compared"))
    console.print(outcome.told(report), highlight=False, soft_wrap=True)
    return report


def command(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stand-ins running afterwards.")] = False,
) -> None:
    """Load five stand-ins with a planted world, synchronise it, and check the result against the truth."""
    main(keep)


if __name__ == "__main__":
    typer.run(command)
