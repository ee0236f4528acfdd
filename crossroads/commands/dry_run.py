"""`crossroads dry-run`: what the next run would send."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from crossroads.commands.terminal import console, told, workspace
from crossroads.errors import ConfigError


def dry_run(
    name: Annotated[str, typer.Argument(help="A sync, or 'all'.")],
    compare: Annotated[
        bool, typer.Option("--compare", help="Read everything, not only what changed.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every record, not only the first ones.")] = False,
    json: Annotated[
        Path | None, typer.Option(help="Also write counts, records and names of fields to this file.")
    ] = None,
    values: Annotated[bool, typer.Option("--values", help="Write values to that file too.")] = False,
) -> None:
    """Show what the next run would create and change: systems are read, nothing is sent or kept. Shows personal values."""
    from crossroads.audit import show_foreseen as show
    from crossroads.engine.dry_run import dry_run as rehearse

    with told(), workspace() as ws:
        known = [plan.sync for plan in ws.plans]
        if name not in ("all", *known):
            raise ConfigError(f"No sync named {name!r}. There are: all, {', '.join(known)}.")
        with console.status("reading ..."):
            found = rehearse(ws, known if name == "all" else [name], full=compare)
        show.foreseen(console, found, None if every else show.SHOWN)
        if json is not None:
            json.write_bytes(orjson.dumps(show.told(found, values=values), option=orjson.OPT_INDENT_2))
    raise typer.Exit(1 if any(one.problems for one in found) else 0)
