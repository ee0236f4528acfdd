"""Commands for what waits for a person: which there are, who is right about a field, and what became of a write."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from crossroads.commands.person import By, Why
from crossroads.commands.terminal import console, told, workspace
from crossroads.launch import home as homes

if TYPE_CHECKING:
    from crossroads.engine.effects import Effect

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would be done.")]


def waiting() -> None:
    """List what waits for a person: fields on which records differ, and writes whose outcome nobody can look up."""
    from crossroads.audit.cells import moment
    from crossroads.engine import answering, reviews
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        cases, writes = reviews.cases(db), answering.waiting(db)
        for case in cases:
            how = f"crossroads decide {case.profile} {case.path} --from RECORD --by NAME --why REASON"
            _line(f"{case.entity} {case.profile}: {case.path} since {moment(case.at)}", how)
        for row in writes:
            ways = "--key KEY | --again | --drop" if row.reason == "outcome" else "--again | --drop"
            how = f"crossroads answer {row.connection}.{row.stream} {row.what} {ways} --by NAME --why REASON"
            _line(f"{row.connection}.{row.stream} {row.what} since {moment(row.at)}: {row.waits_for}", how)
        if not cases and not writes:
            console.print("Nothing waits for a person.")


def decide(
    profile: Annotated[str, typer.Argument(help="A profile's id, or the address of a record of it.")],
    path: Annotated[
        str, typer.Argument(help="The field, as `crossroads explain` names it.", metavar="FIELD")
    ],
    record: Annotated[str, typer.Option("--from", help="Whose word is right: connection/stream/key.")],
    by: By,
    why: Why,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the decision back.")] = False,
    yes: Yes = False,
) -> None:
    """Say whose word is right about one field, until somebody says something new of it. Shows personal values."""
    from crossroads.audit import profiles
    from crossroads.engine import deciding

    with told(), workspace() as ws:
        with ws.store.read() as db:
            identity, _ = profiles.resolve(db, profile)
            found = deciding.proposed(db, ws, identity, path, record, actor=by, why=why, withdraw=withdraw)
        show(console, found.effects)
        if yes:
            deciding.decide(ws, found, actor=by, why=why)
            console.print("Done; the next run tells the systems.")
        else:
            console.print("Nothing is changed yet: say --yes.")


def answer(
    stream: Annotated[str, typer.Argument(help="Where the write waits: connection.stream.")],
    profile: Annotated[
        str, typer.Argument(help="The profile it is about, as `crossroads waiting` names it.")
    ],
    by: By,
    why: Why,
    key: Annotated[str, typer.Option("--key", help="The record is there, under this key.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="It is not there, or is as it should be: plan it anew.")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="Leave it; it is planned anew when the profile changes.")
    ] = False,
) -> None:
    """Say what became of a write that nobody can look up, or what is to become of one that met an edit each time."""
    from crossroads.engine.answering import Answer
    from crossroads.engine.answering import answer as carry_out

    chosen = [
        name for name, given in ((Answer.THERE, key), (Answer.AGAIN, again), (Answer.DROP, drop)) if given
    ]
    if len(chosen) != 1:
        raise typer.BadParameter("say one of --key KEY, --again and --drop")
    with told(), workspace() as ws:
        carry_out(ws, stream, profile, chosen[0], key=key, actor=by, why=why)
        console.print("Done; the next run goes on from there.")


def _line(what: str, how: str) -> None:
    console.print(what, highlight=False, markup=False)
    console.print(f"  {how}", highlight=False, markup=False, style="dim")


def show(console: Console, effects: Sequence["Effect"]) -> None:
    """Show which record will be told what of which field."""
    from crossroads.audit.cells import cell

    if not effects:
        console.print("No system would be told anything.")
        return
    shown = Table("record", "field", "says now", "is told")
    for one in effects:
        shown.add_row(*(cell("(empty)" if value is None else str(value)) for value in one))
    console.print(shown)
