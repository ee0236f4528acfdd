"""The play: rounds of all DAGs with people at work in between, and what the stand-ins counted meanwhile."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from rich.console import Console

from sandbox import actors
from sandbox.stand_ins import StandIns

DAGS = ("customers", "orders", "conversations", "upkeep")
ROUNDS = 3
Ran: TypeAlias = Callable[[str, bool], tuple[str, bool]]
"""Runs one DAG, compared or not, and returns the run's name and whether it is green."""


@dataclass(frozen=True, slots=True)
class Round:
    """One run of every DAG: the runs, those that were red, and what was written where."""

    runs: tuple[str, ...]
    red: tuple[str, ...]
    writes: dict[str, int]

    @property
    def total(self) -> int:
        """What was written anywhere."""
        return sum(self.writes.values())


def first(started: StandIns, run: Ran, console: Console) -> list[Round]:
    """Run all DAGs until nothing is left to do; after the first round the people in the systems do their work."""
    rounds = [one(started, run, console, "Round 1")]
    done = {
        "late partners entered": actors.enter_late_partners(started),
        "web orders delivered": actors.deliver(started),
        "cases answered": actors.answer_cases(started),
    }
    told = ", ".join(f"{count} {what}" for what, count in done.items())
    console.print(f"The people in the systems: {told}.", highlight=False, soft_wrap=True)
    while len(rounds) < ROUNDS and (len(rounds) == 1 or rounds[-1].total):
        rounds.append(one(started, run, console, f"Round {len(rounds) + 1}"))
    return rounds


def one(started: StandIns, run: Ran, console: Console, title: str, *, compare: bool = False) -> Round:
    """Run every DAG once, in the order of dependence."""
    before, began = _writes(started), time.monotonic()
    runs: list[str] = []
    red: list[str] = []
    for dag_id in DAGS:
        with console.status(f"{title}: {dag_id} ..."):
            name, green = run(dag_id, compare and dag_id != "upkeep")
        runs.append(name)
        if not green:
            red.append(name)
    writes = {name: count - before[name] for name, count in _writes(started).items()}
    ended = Round(tuple(runs), tuple(red), writes)
    told = f", [red]red: {', '.join(red)}[/]" if red else ""
    seconds = time.monotonic() - began
    console.print(
        f"{title}: {ended.total:,} writes in {seconds:.0f} s{told}.", highlight=False, soft_wrap=True
    )
    return ended


def _writes(started: StandIns) -> dict[str, int]:
    return {name: each.writes()["writes"] for name, each in started.items()}
