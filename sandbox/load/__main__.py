"""`make load`: four workers on one PostgreSQL under mixed load; prints figures and writes var/load/report.json."""

import time
from pathlib import Path

import orjson
import typer
from rich.console import Console

from crossroads.store import migrate
from sandbox import postgres
from sandbox.load.load import Load, deadlocks

BAD = (
    "over_budget",
    "duplicates",
    "lost",
    "differing",
    "hanging",
    "undead",
    "journal",
    "errors",
    "deadlocks",
    "not_converged",
)


def main(seconds: float = 600.0, workers: int = 4, edits: float = 20.0, seed: int = 1) -> None:
    """Load the store for a while, let it come to rest, judge it, and fail if a promise is broken."""
    console = Console()
    began = time.monotonic()
    with postgres.cluster() as server, console.status(f"{workers} workers at work for {seconds:.0f} s ..."):
        url = postgres.database(server)
        migrate(url)
        with Load(url, seed) as load:
            told = load.run(seconds, workers, edits)
            report = {**told, **load.rest(), "deadlocks": deadlocks(url)}
    report = {"seconds": round(time.monotonic() - began), "workers": workers, **report}
    for name, value in report.items():
        console.print(f"{name:>16}: {value}", highlight=False)
    path = Path("var/load/report.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    console.print(f"Written to {path}")
    if broken := [name for name in BAD if report[name]]:
        console.print(f"[bold red]Not as promised:[/] {', '.join(broken)}")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
