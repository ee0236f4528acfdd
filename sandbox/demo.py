"""The demonstration: five systems that disagree, synchronised by the real DAGs, and judged by the truth.

First all DAGs until nothing is left to do, at most three rounds; after the first round the people in the
systems do their work. Then all DAGs once more with everything compared, which must write nothing.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from crossroads.launch import home as homes
from crossroads.store import Store
from sandbox import actors, outcome, stand_ins
from sandbox.checker import Verdict, check, merges
from sandbox.stand_ins import StandIns

DAGS = ("customers", "orders", "conversations", "upkeep")
ROUNDS = 3
Ran = Callable[[str, bool], tuple[str, bool]]
"""Runs one DAG, compared or not, and returns the run's name and whether it is green."""


@dataclass(frozen=True, slots=True)
class Round:
    """One run of every DAG: the runs, those that were red, and what the stand-ins counted."""

    runs: tuple[str, ...]
    red: tuple[str, ...]
    writes: int


def main(keep: bool = False) -> None:
    """Run the demonstration, print its tables, write its report, and fail if a promise is broken."""
    console, began = Console(), time.monotonic()
    home = homes.find()
    with home.locked():
        home.claim(sandbox=True)
        home.enter(quiet=True)
        folder = home.var / "demo"
        with console.status("Starting five systems and loading two thousand persons ..."):
            started, run = _prepared(folder)
        try:
            console.print(f"Loaded and ready after {time.monotonic() - began:.0f} s.", highlight=False)
            report = _played(started, run, Store(home.database_url), console)
            (folder / "report.json").write_text(json.dumps(report, indent=2))
        finally:
            if keep:
                started.describe()
            else:
                started.end()
    console.print(f"{folder / 'report.json'} after {time.monotonic() - began:.0f} s.", highlight=False)
    if keep:
        console.print(f"The systems stay up; {folder / 'systems.json'} says where.", highlight=False)
    if broken := _broken(report):
        console.print(f"[bold red]Not as promised:[/] {'; '.join(broken)}")
        raise typer.Exit(1)


def _prepared(folder: Path) -> tuple[StandIns, Ran]:
    """Start the stand-ins while the databases are made ready; return them and a way to run DAGs."""
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(stand_ins.start, folder)
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


def _played(started: StandIns, run: Ran, store: Store, console: Console) -> dict[str, Any]:
    truth = json.loads((started.folder / "truth.json").read_text())
    before = check(started.systems, truth)
    console.print(f"Before: {before.share:.1%} of {before.to_settle:,} planted cells are right.")
    rounds: list[Round] = []
    while len(rounds) < ROUNDS and not (rounds and rounds[-1].writes == 0):
        rounds.append(_round(started, run, console, f"Round {len(rounds) + 1}", compare=False))
        if len(rounds) == 1:
            done = _worked(started)
            console.print(
                "The people in the systems: " + ", ".join(f"{n} {what}" for what, n in done.items())
            )
    second = _round(started, run, console, "Once more, everything compared", compare=True)
    after = check(started.systems, truth)
    first = [name for each in rounds for name in each.runs]
    report = _report(store, truth, before, after, first)
    report |= {"rounds": len(rounds), "writes_first": sum(each.writes for each in rounds)}
    report |= {
        "writes_second": second.writes,
        "red": [name for each in (*rounds, second) for name in each.red],
    }
    console.print(outcome.shown(report["per_system"], "First: all DAGs until quiet"))
    console.print(outcome.shown(outcome.per_system(store, second.runs), "Second: everything compared"))
    console.print(
        f"After: {after.share:.2%} of {after.to_settle:,} planted cells are right and "
        f"{report['disturbed']} others disturbed; {report['duplicates_created']} duplicates, "
        f"{report['wrong_merges']} wrong merges, {report['missed_merges']} missed; "
        f"{second.writes} writes in the second run."
    )
    return report


def _worked(started: StandIns) -> dict[str, int]:
    return {
        "late partners entered": actors.enter_late_partners(started),
        "web orders delivered": actors.deliver(started),
        "cases answered": actors.answer_cases(started),
    }


def _round(started: StandIns, run: Ran, console: Console, title: str, *, compare: bool) -> Round:
    before, began = _writes(started), time.monotonic()
    runs: list[str] = []
    red: list[str] = []
    for dag_id in DAGS:
        with console.status(f"{title}: {dag_id} ..."):
            name, green = run(dag_id, compare and dag_id != "upkeep")
        runs.append(name)
        if not green:
            red.append(name)
    writes = _writes(started) - before
    told = f", [red]red: {', '.join(red)}[/]" if red else ""
    console.print(f"{title}: {writes:,} writes in {time.monotonic() - began:.0f} s{told}.", highlight=False)
    return Round(tuple(runs), tuple(red), writes)


def _writes(started: StandIns) -> int:
    return sum(each.writes()["writes"] for each in started.values())


def _report(
    store: Store, truth: dict[str, Any], before: Verdict, after: Verdict, runs: list[str]
) -> dict[str, Any]:
    held, systems = outcome.stored(store), outcome.per_system(store, runs)
    wrong, missed = merges(held.people, truth)
    return {
        "systems": len(systems),
        "contributions": held.contributions,
        "profiles": held.profiles,
        "planted": after.planted,
        "settled": after.consistent,
        "consistent_before": round(before.share, 4),
        "consistent_after": round(after.share, 4),
        "disturbed": len(after.disturbed),
        "rejected": held.rejected,
        "parked": held.parked,
        "withheld": sum(row["withheld"] for row in systems.values()),
        "duplicates_created": len(after.doubles),
        "wrong_merges": wrong,
        "missed_merges": missed,
        "per_system": systems,
        "wrong_sums": outcome.wrong_sums(systems),
        "unsettled": [" ".join(cell) for cell in after.wrong[:50]],
    }


def _broken(report: dict[str, Any]) -> list[str]:
    """Return the promises that this run broke."""
    kept = {
        "consistent_after is below 0.99": report["consistent_after"] >= 0.99,
        "the second run wrote": report["writes_second"] == 0,
        "duplicates were created": report["duplicates_created"] == 0,
        "persons were merged wrongly": report["wrong_merges"] == 0,
        "a row does not add up": not report["wrong_sums"],
        "a run was red": not report["red"],
    }
    return [name for name, good in kept.items() if not good]


def command(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stand-ins running afterwards.")] = False,
) -> None:
    """Load five stand-ins with a planted world, synchronise it, and check the result against the truth."""
    main(keep)


if __name__ == "__main__":
    typer.run(command)
