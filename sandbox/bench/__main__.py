"""`make bench`: print the table and write var/bench/report.json."""

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import requests
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sandbox import postgres
from sandbox.bench import server
from sandbox.bench.floor import floor
from sandbox.bench.work import Work

GOALS = {  # records per CPU-second: aim, not done below
    "pull changed (first load)": (12_000, 8_000),
    "pull changed (all anew)": (12_000, 8_000),
    "pull unchanged": (50_000, 30_000),
    "match + settle, no key change": (None, None),
    "pull + match + settle, no key change": (6_000, 4_000),
    "pull + match + settle, new persons": (2_000, 1_200),
    "push planning": (15_000, 8_000),
}


def cpu(work: Callable[[], int]) -> tuple[int, float]:
    """Return how many records were done and the user and system seconds of this process."""
    before = time.process_time()
    return work(), time.process_time() - before


def measured(
    total: int, url: str, tell: Callable[[str], None], server: str | None = None, *, only_pull: bool = False
) -> dict[str, Any]:
    """Run every stage, or the first one, at one size and return records per CPU-second of each.

    The work of a PostgreSQL `server` is done in its own processes and not counted.
    """
    rates: dict[str, float] = {}

    def stage(name: str, work: Callable[[], int]) -> None:
        tell(f"{total:,}: {name}")
        done, seconds = cpu(work)
        assert done == total, f"{name}: {done} of {total} records"
        rates[name] = done / seconds

    def serve(generation: int) -> None:
        requests.get(
            f"{url}/set", params={"total": total, "generation": generation}, timeout=600
        ).raise_for_status()

    with tempfile.TemporaryDirectory() as folder:
        serve(1)
        stage("floor", lambda: floor(url, total, Path(folder)))
        work = Work(postgres.database(server) if server else f"sqlite:///{folder}/store.db", url, total)
        stage("pull changed (first load)", work.pull)
        if not only_pull:
            stage("match + settle, new persons", work.match)
            both = 1 / rates["pull changed (first load)"] + 1 / rates["match + settle, new persons"]
            rates["pull + match + settle, new persons"] = 1 / both
            stage("pull unchanged", work.pull)
            work.fill_target()
            serve(2)
            stage("pull changed (all anew)", work.pull)
            stage("match + settle, no key change", work.match)
            both = 1 / rates["pull changed (all anew)"] + 1 / rates["match + settle, no key change"]
            rates["pull + match + settle, no key change"] = 1 / both
            stage("push planning", work.plan)
        work.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "records": total,
        "store": "PostgreSQL" if server else "SQLite",
        "peak_mb": round(peak),
        "rates": {name: round(rate) for name, rate in rates.items()},
        "of_floor": {name: round(rate / rates["floor"], 2) for name, rate in rates.items()},
    }


def main(
    sizes: list[int] = typer.Option([10_000, 100_000], "--size"),  # noqa: B008 - typer's way
    postgresql: int = typer.Option(
        10_000, help="Records to do over on PostgreSQL, if it is installed; 0 for none."
    ),
    only_pull: bool = typer.Option(
        False, help="Only the first load: for the memory that a million records take."
    ),
) -> None:
    """Measure, show and store."""
    console = Console()
    with server.running() as url, Progress(console=console, transient=True) as progress:
        task = progress.add_task("bench", total=len(sizes))
        reports = []

        def tell(text: str) -> None:
            progress.update(task, description=text)

        for size in sizes:
            reports.append(measured(size, url, tell, only_pull=only_pull))
            progress.advance(task)
        if postgresql and postgres.program("postgres"):
            with postgres.cluster() as place:
                reports.append(measured(postgresql, url, tell, place, only_pull=only_pull))
    table = Table(
        title="records per CPU-second (user + system of our process; PostgreSQL's own is not counted)"
    )
    heads = [f"{r['records']:,} {r['store']}" for r in reports]
    for column in ("", *heads, "of the floor", "aim", "not below"):
        table.add_column(column, justify="left" if not column else "right")
    for name in reports[0]["rates"]:
        aim, least = GOALS.get(name, (None, None))
        table.add_row(name, *(f"{r['rates'][name]:,}" for r in reports), str(reports[-1]["of_floor"][name]),
                      f"{aim:,}" if aim else "", f"{least:,}" if least else "")  # fmt: skip
    table.add_row("peak memory, MB", *(str(r["peak_mb"]) for r in reports))
    console.print(table)
    path = Path("var/bench/report.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(reports, option=orjson.OPT_INDENT_2))
    console.print(f"Written to {path}")


if __name__ == "__main__":
    typer.run(main)
