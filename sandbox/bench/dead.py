"""`make bench-dead`: does one dead system slow the others? Prints a table and writes var/bench/dead.json.

Four processes do the tasks of a sync as they come, as Airflow's workers would: pulls, then the match, then pushes.
The same edits are carried to the same systems without a last one and with it dead, in turns, three times over.
What is measured is what the others got, in writes a second of the whole time until the last of them is up to date. The
first run of each trial, in which the outage is found and a few calls are repeated, is shown for itself.
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import requests
import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import SQLModel

from crossroads import engine
from crossroads.engine import System, Workspace
from crossroads.errors import CrossroadsError
from crossroads.mapping import Lens, compiled
from crossroads.mapping.language import Mapping
from crossroads.plan import Plan
from crossroads.protocols.budget import Budget
from crossroads.protocols.counters import Counters, beside
from crossroads.store import Store
from sandbox.bench import remote

SOURCE, OTHERS, LAST = "erp", ("crm", "shop", "forum"), "social"
WORKERS = 4
FORK = multiprocessing.get_context("fork")
FIELDS = {"given_name": {"at": "given"}, "family_name": {"at": "family"},
          "emails.main.address": {"at": "mail", "as": "email"},
          "addresses.main.locality": {"at": "city"}}  # fmt: skip


def lens(system: str) -> Lens:
    """Return the mapping of one of the systems."""
    told = {"mapping": f"{system}/customer", "system": system, "stream": "people", "canonical": "customer", "key": "key",
            "identity": ["emails.main.address"], "fields": FIELDS, "create": {"reference": "reference"}}  # fmt: skip
    return Lens(compiled(Mapping.model_validate(told)))


class Trial:
    """A store, a plan and a few systems; every task of a run is done by some process of four."""

    def __init__(self, folder: Path, url: str, systems: Sequence[str], timeout: tuple[float, float]) -> None:
        self.database, self.url, self.systems, self.timeout = (
            f"sqlite:///{folder / 'store.db'}",
            url,
            systems,
            timeout,
        )
        members = [{"connection": name, "stream": "people", "create": "always"} for name in systems]
        told = {"sync": "customers", "entity": "customer", "owner": "bench", "between": members}
        self.plan = Plan.model_validate(told)
        store = Store(self.database)
        SQLModel.metadata.create_all(store.engine)
        store.close()

    def workspace(self) -> Workspace:
        """Return what a worker works with; each has its own."""
        return Workspace(
            store=Store(self.database),
            plans=[self.plan],
            system=lambda name: System(name, {"base_url": f"{self.url}/{name}"}),
            connect=self._connect,
            lenses={(name, "people"): lens(name) for name in self.systems},
        )

    def _connect(self, name: str) -> remote.Remote:
        counters = Counters(beside(self.database))
        return remote.Remote(self.url, name, Budget(name=name, title=name, counters=counters), self.timeout)

    def run(self, name: str) -> float:
        """Do one run and return how long it took until the last system but LAST was up to date."""
        began = time.perf_counter()
        ws = self.workspace()
        engine.begin(ws, self.plan, name)
        ws.store.close()
        self._share([("pull", m.name, name) for m in self.plan.between])
        self._share([("match", "", name)])
        ends = self._share([("push", m.name, name) for m in self.plan.between])
        return max(end for task, end in ends.items() if not task.startswith(LAST)) - began

    def _share(self, tasks: Sequence[tuple[str, str, str]]) -> dict[str, float]:
        """Let four processes take the tasks as they come; return when each ended."""
        todo, done = FORK.Queue(), FORK.Queue()
        for task in [*tasks, *[None] * WORKERS]:
            todo.put(task)
        workers = [FORK.Process(target=self._work, args=(todo, done), daemon=True) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        ends = dict(done.get() for _ in tasks)
        for worker in workers:
            worker.join()
        return ends

    def _work(self, todo: Any, done: Any) -> None:
        ws = self.workspace()
        while task := todo.get():
            step, member, run = task
            try:
                if step == "match":
                    engine.match(ws, self.plan, run)
                else:
                    {"pull": engine.pull, "push": engine.push}[step](ws, self.plan, member, run)
            except CrossroadsError:
                if not member.startswith(LAST):
                    raise
            done.put((member, time.perf_counter()))
        ws.store.close()


def trial(kind: str, death: str, people: int, runs: int) -> dict[str, Any]:
    """Carry the same edits once, with LAST absent, dead or alive, and return what the others got."""
    systems = (SOURCE, *OTHERS) if kind == "absent" else (SOURCE, *OTHERS, LAST)
    with tempfile.TemporaryDirectory() as folder, remote.running(SOURCE, *OTHERS, LAST) as url:

        def control(verb: str, body: Any = None) -> dict[str, Any]:
            answer = requests.post(f"{url}/-/{verb}", json=body, timeout=60)
            answer.raise_for_status()
            return dict(answer.json())

        if kind == "dead":
            control("die", {LAST: death})
        work = Trial(Path(folder), url, systems, (2.0, 5.0))
        took: list[float] = []
        for number in range(runs):
            edits = {
                str(n): {
                    "given": "Ann", "family": f"Lee {n}", "mail": f"a{n}@x.example", "city": f"Town {number}"
                }
                for n in range(people)
            }  # fmt: skip
            control("put", {"system": SOURCE, "people": edits})
            took.append(work.run(f"run-{number}"))
        told = control("count")
    written = sum(told["writes"][name] for name in OTHERS)
    expected = people * runs * len(OTHERS)
    assert written == expected, f"{kind}: {written} of {expected} writes"
    rate = people * (runs - 1) * len(OTHERS) / sum(took[1:])
    return {"kind": kind, "seconds": [round(one, 2) for one in took], "per_second": round(rate, 1),
            "calls_to_last": told["calls"][LAST]}  # fmt: skip


def main(
    people: Annotated[int, typer.Option(help="How many are edited in each run.")] = 120,
    runs: Annotated[int, typer.Option(help="Runs of a trial, the first included.")] = 4,
    rounds: Annotated[int, typer.Option(help="Trials of each kind, interleaved.")] = 3,
    death: Annotated[
        str, typer.Option(help="`busy` answers 503, `silent` accepts and never answers.")
    ] = "busy",
    alive: Annotated[bool, typer.Option("--alive", help="Also beside it alive, for comparison.")] = False,
) -> None:
    """Measure, show and store; ends with 1 if the others are more than a tenth slower."""
    console, kinds = Console(), ("absent", "dead", *(["alive"] if alive else []))
    trials = [trial(kind, death, people, runs) for _ in range(rounds) for kind in kinds]
    medians = {k: statistics.median(t["per_second"] for t in trials if t["kind"] == k) for k in kinds}
    table = Table(title=f"writes a second to the other systems, the last one being ... ({death})")
    for column in (
        "",
        *(f"round {n + 1}" for n in range(rounds)),
        "median",
        "first run, s",
        "calls to the last",
    ):
        table.add_column(column, justify="right" if column else "left")
    for kind in kinds:
        mine = [t for t in trials if t["kind"] == kind]
        calls = ", ".join(str(t["calls_to_last"]) for t in mine)
        first = statistics.median(t["seconds"][0] for t in mine)
        table.add_row(kind, *(str(t["per_second"]) for t in mine), str(medians[kind]), str(first), calls)
    console.print(table)
    share = round(medians["dead"] / medians["absent"], 3)
    console.print(f"With it dead, the others get {share:.1%} of what they get without it.")
    report = {"people": people, "runs": runs, "death": death, "workers": WORKERS,
              "trials": trials, "medians": medians, "dead_of_absent": share}  # fmt: skip
    path = Path("var/bench/dead.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    console.print(f"Written to {path}")
    raise typer.Exit(0 if share >= 0.9 else 1)


if __name__ == "__main__":
    typer.run(main)
