"""`crossroads deletes`: deletions that wait for a person, and what the person decides."""

from typing import Annotated

import typer

from crossroads.commands.person import By
from crossroads.commands.terminal import console, told
from crossroads.errors import ConfigError
from crossroads.launch import home as homes

app = typer.Typer()

Stream = Annotated[str, typer.Argument(help="The stream, as `connection.stream`.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]
SHOWN = 8


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Name every record, not only the first.")] = False,
) -> None:
    """Show which records are said to be deleted and wait for a person, because they are many at once."""
    if context.invoked_subcommand is not None:
        return
    from crossroads.audit.cells import cell, columns, lines, moment
    from crossroads.engine.deletes import held
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        waiting = held(db)
        if not waiting:
            console.print("No deletions wait.")
            return
        names = ("stream", "said to be deleted", "of", "told by", "which", "since (UTC)", "run")
        table = columns(*names, numbers=names[1:3], whole=("stream",))
        for one in waiting:
            keys = (
                list(one.keys) if every else [*one.keys[:SHOWN], *(["..."] if len(one.keys) > SHOWN else [])]
            )
            how = ", ".join(one.how)
            table.add_row(
                one.name, str(len(one.keys)), str(one.living), how, lines(keys), moment(one.at), cell(one.run)
            )
        console.print(table)
        console.print("`crossroads deletes approve STREAM --by NAME` marks them, `refuse` keeps them.")


@app.command()
def approve(stream: Stream, by: By, yes: Yes = False) -> None:
    """Let the deletions of one stream that wait now be carried out by its next run; those told later wait anew."""
    _decide(
        stream,
        "approved",
        by,
        yes,
        "The next run marks {count} records of {name} as deleted, if they are still away.",
    )


@app.command()
def refuse(stream: Stream, by: By, yes: Yes = False) -> None:
    """Keep the records of one stream whose deletion waits now; their deletion is not asked about again."""
    _decide(stream, "refused", by, yes, "{count} records of {name} are kept as they are.")


def _decide(stream: str, verdict: str, by: str, yes: bool, done: str) -> None:
    from crossroads.engine.deletes import decide, held
    from crossroads.launch.reading import reading
    from crossroads.store.clock import now
    from crossroads.store.session import Store

    home = homes.find()
    with told(), reading(home) as (db, _):
        waiting = {one.name: one for one in held(db)}
        if stream not in waiting:
            there = ", ".join(waiting) or "none"
            raise ConfigError(f"No deletions of {stream!r} wait. Streams with deletions that wait: {there}.")
        shown = waiting[stream]
        if not yes:
            asked = f"{len(shown.keys)} of {shown.living} records of {stream} are said to be deleted. {verdict.title()}?"
            typer.confirm(asked, abort=True)
        store = Store(home.database_url)
        count = decide(store, now, shown, verdict, by)
        store.close()
        console.print(done.format(count=count, name=stream))
