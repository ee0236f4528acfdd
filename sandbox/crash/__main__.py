"""`make crash`: thousands of seeded trials of the promises; the same seed plays the same people, faults and deaths."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import stamina.instrumentation
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sandbox.crash import slots
from sandbox.crash.trial import KINDS, Verdict

REPORT = Path("var/crash/report.json")


def main(
    sqlite: int = typer.Option(2000, help="Trials on SQLite."),
    postgres: int = typer.Option(500, help="Trials on PostgreSQL."),
    seed: int = typer.Option(1, help="The first seed."),
    only: int | None = typer.Option(None, help="Play this one seed and say what happens."),
    at_once: int = typer.Option(2, help="Trials at a time."),
) -> None:
    """Play, show and store."""
    console = Console()
    stamina.instrumentation.set_on_retry_hooks([])  # thousands of repeated reads are no news here
    if only is not None:
        with slots.sqlite() as fresh:
            verdicts = list(slots.played([only], fresh, slots=1, say=console.print))
    else:
        verdicts = []
        if sqlite:
            with slots.sqlite() as fresh:
                verdicts += _watched(console, "SQLite", range(seed, seed + sqlite), fresh, at_once)
        if postgres:
            with slots.postgres() as fresh:
                verdicts += _watched(console, "PostgreSQL", range(seed, seed + postgres), fresh, at_once)
    report = summed(verdicts)
    console.print(report)
    if only is None:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        failed = [verdict.seed for verdict in verdicts if verdict.wrong]
        REPORT.write_bytes(orjson.dumps({**report, "failed_seeds": failed}, option=orjson.OPT_INDENT_2))
        console.print(f"Written to {REPORT}. One trial again, told step by step: --only SEED")
        if failed:
            console.print(f"What happened in those that failed is in {REPORT.parent}/seed-*.txt.")
    else:
        for told in _told(verdicts[0]):
            console.print(told, markup=False)
    raise typer.Exit(1 if any(verdict.wrong for verdict in verdicts) else 0)


def summed(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Return the counts over all trials."""
    counts: Counter[str] = Counter()
    for verdict in verdicts:
        counts.update(verdict.counts)
    report = {"trials": len(verdicts)} | {
        name: counts[name] for name in ("kills", "faults", "double_attempts")
    }
    return report | {kind: sum(len(verdict.wrong.get(kind, ())) for verdict in verdicts) for kind in KINDS}


def _watched(
    console: Console, store: str, seeds: Sequence[int], fresh: slots.Fresh, at_once: int
) -> list[Verdict]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    verdicts = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"trials on {store}", total=len(seeds))
        for verdict in slots.played(seeds, fresh, slots=at_once):
            verdicts.append(verdict)
            progress.update(task, advance=1)
            for told in _told(verdict):
                progress.console.print(f"{store}, {told}", markup=False)
            if verdict.story:
                REPORT.parent.mkdir(parents=True, exist_ok=True)
                lines = "\n".join([*verdict.story, *_told(verdict), ""])
                (REPORT.parent / f"seed-{verdict.seed}.txt").write_text(lines)
    return verdicts


def _told(verdict: Verdict) -> Iterator[str]:
    for kind, those in verdict.wrong.items():
        for one in those:
            yield f"seed {verdict.seed}: {kind}: {one}"


if __name__ == "__main__":
    typer.run(main)
