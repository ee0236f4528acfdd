"""`crossroads repair`: look at what was set aside, edit it, send it again, or set it aside for good."""

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from crossroads.commands.person import By, Why
from crossroads.commands.terminal import console, told, workspace
from crossroads.errors import ConfigError

if TYPE_CHECKING:
    from crossroads.engine.repair import Place, Step
    from crossroads.engine.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True, help="What was set aside: look at it, edit it, send it again, or drop it."
)

Name = Annotated[str, typer.Argument(help="connection/stream/key, as `crossroads rejected` names it.")]
Names = Annotated[list[str] | None, typer.Argument(help="connection/stream/key, one or several.")]
OfStep = Annotated[
    str | None,
    typer.Option("--step", help="pull for records that could not be read, push for refused writes."),
]
All = Annotated[bool, typer.Option("--all", help="All that --connection, --reason and --step leave.")]
Connection = Annotated[str | None, typer.Option("--connection", help="With --all: of one connection only.")]
Reason = Annotated[
    str | None, typer.Option("--reason", help="With --all: whose reason holds this, a regular expression.")
]


@app.command()
def show(name: Name, step: OfStep = None) -> None:
    """Show one record or write: why, the original or what would be sent, and what was tried. Shows personal values."""
    from crossroads.audit import repair as audit
    from crossroads.audit import show_repair
    from crossroads.engine import repair

    with told(), workspace() as ws:
        for place in repair.places(ws, names=[name], step=_step(step)):
            show_repair.look(console, audit.look(ws, place))


@app.command()
def edit(
    name: Name,
    by: By,
    why: Why,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="path=value, once for each field; items.0.sku for one in a list."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="The whole record instead, as JSON.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what the mapping makes of it.")] = False,
) -> None:
    """Edit a record that could not be read; `send` then has it read so. Shows personal values."""
    from crossroads.audit import show_repair
    from crossroads.engine import repair
    from crossroads.engine.edits import edited

    with told(), workspace() as ws:
        if bool(values) == bool(file):
            raise ConfigError("Say what to change: --set path=value, or --file with the whole record.")
        if wrong := [one.partition("=")[0] for one in values or () if "=" not in one]:
            raise ConfigError(f"--set {wrong[0]}: say path=value.")
        sets = {path: value for path, _, value in (one.partition("=") for one in values or ())}
        change = partial(edited, sets=sets)
        if file is not None:
            change = partial(_whole, file)
        (place,) = repair.places(ws, names=[name], step="pull")
        result, differs = repair.edit(ws, place, change, repair.Person(by, why), check=check)
        show_repair.tried(console, result, differs)
        if not result.reasons and not check:
            console.print(f"Kept. `crossroads repair send {place.name}` has it read so.", highlight=False)
    raise typer.Exit(1 if result.reasons else 0)


@app.command()
def send(
    by: By,
    why: Why,
    names: Names = None,
    every: All = False,
    connection: Connection = None,
    reason: Reason = None,
    step: OfStep = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also writes that were refused as often as is tried.")
    ] = False,
) -> None:
    """Read edited records again, also those that a corrected mapping may read, and send refused writes again."""
    from crossroads.audit import show_repair
    from crossroads.engine.repair import Person
    from crossroads.engine.resending import send as sent

    with told(), workspace() as ws:
        chosen = _chosen(ws, names, every, connection, reason, step)
        found = sent(ws, chosen, Person(by, why), anyway=anyway)
        show_repair.ended(console, found, _syncs(ws, chosen))


@app.command()
def drop(
    by: By,
    why: Why,
    names: Names = None,
    every: All = False,
    connection: Connection = None,
    reason: Reason = None,
    step: OfStep = None,
) -> None:
    """Set aside for good: a record until its system changes it, a write until its profile changes."""
    from crossroads.audit import show_repair
    from crossroads.engine import repair

    with told(), workspace() as ws:
        chosen = _chosen(ws, names, every, connection, reason, step)
        repair.drop(ws, chosen, repair.Person(by, why))
        show_repair.ended(console, dict.fromkeys(chosen, "dropped"), _syncs(ws, chosen))


def _chosen(
    ws: "Workspace",
    names: list[str] | None,
    every: bool,
    connection: str | None,
    reason: str | None,
    step: str | None,
) -> list["Place"]:
    from crossroads.engine import repair

    if bool(names) == every:
        raise ConfigError(
            "Name what you mean, or say --all (and --connection, --reason or --step to leave some out)."
        )
    try:
        fits = re.compile(reason).search if reason else None
    except re.error as error:
        raise ConfigError(f"--reason is no regular expression: {error}") from None
    if names:
        return repair.places(ws, names=names, step=_step(step))
    return repair.places(
        ws, step=_step(step), connection=connection, reason=fits and (lambda text: bool(fits(text)))
    )


def _step(step: str | None) -> "Step | None":
    if step not in (None, "pull", "push"):
        raise ConfigError("--step is pull or push.")
    return step  # type: ignore[return-value]


def _syncs(ws: "Workspace", chosen: list["Place"]) -> dict["Place", str]:
    from crossroads.engine.apart import member

    return {place: member(ws, place.connection, place.stream)[0].sync for place in chosen}


def _whole(file: Path, _: object) -> dict[str, object]:
    try:
        record = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ConfigError(f"{file} is no record as JSON: {type(error).__name__}.") from None
    if not isinstance(record, dict):
        raise ConfigError(f"{file} holds no record: one JSON object is expected.")
    return record
