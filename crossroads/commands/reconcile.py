"""`crossroads reconcile`: ask every system anew whether it agrees, list where not, and repair it by an ordinary run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.progress import Progress

from crossroads.commands.terminal import console, told, workspace
from crossroads.errors import ConfigError
from crossroads.launch import home as homes

if TYPE_CHECKING:
    from crossroads.engine.reconcile_found import Report
    from crossroads.engine.workspace import Workspace


def reconcile(
    sync: Annotated[str | None, typer.Argument(help="A sync; all of them if none is named.")] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Take in what was read and send what differs, by an ordinary run."),
    ] = False,
    listed: Annotated[
        bool,
        typer.Option("--list", help="Show what differed when last compared and still does; asks no system."),
    ] = False,
    file: Annotated[Path | None, typer.Option("--json", help="Write the report to this file, too.")] = None,
) -> None:
    """Ask every system for everything, compare it with the store and the profiles, and say whether all agree."""
    with told():
        good = _listed(sync) if listed else _compared(sync, repair, file)
    raise typer.Exit(0 if good else 1)


def _listed(sync: str | None) -> bool:
    from crossroads.audit import show_reconcile
    from crossroads.engine.reconcile_rows import standing
    from crossroads.launch.reading import reading

    with reading(homes.find()) as (db, plans):
        names = {
            (m.connection, m.stream) for plan in plans if sync in (None, plan.sync) for m in plan.between
        }
        found = [one for one in standing(db) if (one.connection, one.stream) in names or not one.connection]
        show_reconcile.standing(console, found)
    return not any(one.disagrees for one in found)


def _compared(sync: str | None, repair: bool, file: Path | None) -> bool:
    from crossroads.audit import show_reconcile

    with workspace() as ws:
        known = [plan.sync for plan in ws.plans]
        if sync is not None and sync not in known:
            raise ConfigError(f"No sync named {sync!r}. There are: {', '.join(known)}.")
        reports = [_one(ws, name, repair) for name in known if sync in (None, name)]
    show_reconcile.compared(console, reports)
    if file is not None:
        file.write_bytes(orjson.dumps([report.told() for report in reports], option=orjson.OPT_INDENT_2))
    if repair:
        return all(report.repaired == report.found and not report.problems for report in reports)
    return all(report.agrees is True for report in reports)


def _one(ws: "Workspace", sync: str, repair: bool) -> "Report":
    from crossroads import engine

    with Progress(console=console, transient=True) as progress:
        tasks = {
            member.name: progress.add_task(member.name, total=None)
            for member in ws.plan(sync).between
            if member.read
        }

        def tell(name: str, records: int) -> None:
            progress.update(tasks[name], completed=records, description=f"{name}: {records:,} records")

        return engine.reconcile(ws, ws.plan(sync), repair=repair, tell=tell)
