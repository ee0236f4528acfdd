"""`crossroads backfill`: read certain records again, from their system or from what is stored of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from crossroads.commands.terminal import console, told, workspace
from crossroads.errors import ConfigError


def backfill(
    name: Annotated[str, typer.Argument(help="connection.stream, as a sync names it.")],
    keys: Annotated[
        str | None, typer.Option(help="Keys, with commas between them; or a file with one a line.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Records that changed since then, 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(help="With --since: and before then.")] = None,
    stored: Annotated[
        bool,
        typer.Option(
            "--stored", help="Read the stored copies by the present mapping; the system is not asked."
        ),
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="With --stored: also those that this version of the mapping has read."),
    ] = False,
) -> None:
    """Read certain records again, by key, by time of change or from what is stored; no cursor is moved."""
    from crossroads.audit.cells import cell
    from crossroads.audit.texts import said
    from crossroads.engine import apart
    from crossroads.engine import backfill as reading
    from crossroads.engine import replay as storing

    connection, _, stream = name.partition(".")
    with told(), workspace() as ws:
        plan, _ = apart.member(ws, connection, stream)
        if stored and (since or until):
            raise ConfigError("--stored reads copies; --since and --until ask the system. Say one of them.")
        if every and not stored:
            raise ConfigError(
                "--all goes with --stored. To read a whole stream anew: `crossroads run SYNC --compare`."
            )
        chosen = _keys(keys) if keys is not None else []
        if keys is not None and not chosen:
            raise ConfigError("--keys names no record; leave it out for all that is stored.")
        with _bar(name) as show:
            if stored:
                run, counts = storing.replay(
                    ws, connection, stream, keys=chosen or None, every=every, progress=show
                )
                absent: list[str] = []
            else:
                asked = len(chosen) or None
                found = reading.backfill(
                    ws, connection, stream, keys=chosen, since=since, until=until,
                    progress=lambda done: show(done, asked),
                )  # fmt: skip
                run, counts, absent = found.run, dict(found.counts), list(found.absent)
        console.print(
            cell(f"{run}: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n or what == "read"))
        )
        if absent:
            console.print(cell(said("backfill.absent", keys=", ".join(absent))))
        if counts["applied"]:
            console.print(cell(said("backfill.next", sync=plan.sync)))


def _keys(told: str) -> list[str]:
    file = Path(told)
    lines = file.read_text().splitlines() if "," not in told and file.is_file() else told.split(",")
    return [key for line in lines if (key := line.strip())]


class Show:
    """Moves a bar."""

    def __init__(self, bar: Progress, name: str) -> None:
        self.bar, self.task = bar, bar.add_task(name, total=None)

    def __call__(self, done: int, of: int | None) -> None:
        """Show how many records are done, of how many if that is known."""
        self.bar.update(self.task, completed=done, total=of)


@contextmanager
def _bar(name: str) -> Iterator[Show]:
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*parts, console=console, transient=True) as bar:
        yield Show(bar, name)
