"""The command line: one function a command, each calling what does the work."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

import crossroads
from crossroads.commands import budgets, decide, deletes, identity, models, persons, reconcile, repair, schema
from crossroads.commands.backfill import backfill
from crossroads.commands.dry_run import dry_run
from crossroads.commands.restored import restored as restored_command
from crossroads.commands.terminal import console, entered, told, workspace
from crossroads.launch import home as homes

# Locals in a traceback would show records.
app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False, help=crossroads.__doc__)
new_app = typer.Typer(no_args_is_help=True, help="Write the files of something new.")
app.add_typer(new_app, name="new")
for waits in (decide.waiting, decide.decide, decide.answer):
    app.command()(waits)
app.command()(budgets.budgets)
app.add_typer(deletes.app, name="deletes")
app.command()(reconcile.reconcile)
app.add_typer(schema.app, name="schema")
app.command("dry-run")(dry_run)
app.add_typer(repair.app, name="repair")
for word in (persons.doubtful, persons.same, persons.apart, persons.crowds):
    identity.app.command()(word)
app.add_typer(identity.app, name="identity")
app.command("backfill")(backfill)


@app.command()
def up(
    stand_ins: Annotated[
        bool, typer.Option(help="Start the five stand-in systems and their world too.")
    ] = True,
) -> None:
    """Start Airflow, the console and the stand-ins on this machine, until Ctrl-C."""
    from crossroads.launch.up import up as start

    with told():
        start(homes.find(), _world if stand_ins else None, console)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stand-ins running afterwards.")] = False,
) -> None:
    """Load five stand-ins with a planted world, synchronise it, and check the result against the truth."""
    with told():
        from sandbox import demo as script

        script.main(keep)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="A sync, 'upkeep', or 'all'.")],
    compare: Annotated[
        bool, typer.Option("--compare", help="Read everything, not only what changed.")
    ] = False,
) -> None:
    """Run one sync, or all in the order of dependence, and wait for the end."""
    from crossroads.launch.run import run as start

    with told():
        green = start(entered(), name, compare, console)
    raise typer.Exit(0 if green else 1)


@app.command()
def check() -> None:
    """Check sync files, mappings, connections and pools, and ask every system whether it knows us."""
    from crossroads.launch.check import check as look

    with told():
        entered()
        good = look(console)
    raise typer.Exit(0 if good else 1)


@app.command()
def status(
    run: Annotated[
        str | None, typer.Option(help="Show one run, or the last of a sync: how each record ended.")
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="Verify that no entry of the journal was changed.")
    ] = False,
) -> None:
    """Show whether all systems agree and where not, every system, and the last runs."""
    from crossroads.audit import journal as chain
    from crossroads.audit import runs, show
    from crossroads.audit import status as state
    from crossroads.launch.reading import reading

    good = True
    with told(), reading(homes.find()) as (db, plans):
        if run is not None:
            show.run(console, *runs.run_of(db, run))
        if journal:
            good = show.journal(console, chain.verified(db))
        if run is None and not journal:
            seen = state.overview(db, plans)
            show.status(console, seen)
            budgets.held(console)
            models.hint(console, db)
            persons.alarm(console, db)
            good = seen.verdict != "failing"
    raise typer.Exit(0 if good else 1)


@app.command()
def profiles(
    find: Annotated[str, typer.Option("--find", help="A name, e-mail address, number or part of one.")],
) -> None:
    """Find profiles by a text in them, and the records that belong to each. Shows personal values."""
    from crossroads.audit import profiles as search
    from crossroads.audit import show
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        show.profiles(console, search.find(db, find))


@app.command()
def explain(
    name: Annotated[
        str, typer.Argument(help="A profile's id, old or new, or a record: connection/stream/key.")
    ],
) -> None:
    """Show why every value of a profile is what it is, who belongs to it, and what was sent. Shows personal values."""
    from crossroads.audit import show_profile
    from crossroads.audit.explain import explain as explained

    with told(), workspace() as ws:
        show_profile.explanation(console, explained(ws, name))


@app.command()
def rejected(
    every: Annotated[
        bool, typer.Option("--all", help="Name every record, not only the first of each row.")
    ] = False,
) -> None:
    """Show what was set aside and what waits: records, fields and writes, each with its reason and what to do."""
    from crossroads.audit import aside, show
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        show.rejected(console, aside.set_aside(db), aside.unmapped(db), None if every else show.SHOWN)


app.command()(restored_command)


@app.command()
def quality() -> None:
    """Show what each connector claims of its quality; a claim that is not true ends with 1."""
    from crossroads.quality import board

    with told():
        good = board.show(console, board.judged(homes.find().root))
    raise typer.Exit(0 if good else 1)


@new_app.command("connector")
def new_connector(name: Annotated[str, typer.Argument(help="The system's name, e.g. acme_shop.")]) -> None:
    """Write a connector that passes bronze at once: manifest, README, quality claims and its test."""
    from crossroads.launch.scaffold import connector

    with told():
        for path in connector(homes.find().root, name):
            console.print(path)


@contextmanager
def _world(folder: Path) -> Iterator[dict[str, dict[str, object]]]:
    """The seam to the sandbox, which the core must not know: its stand-ins, and how to reach them."""
    from sandbox import stand_ins

    with stand_ins.running(folder) as started:
        yield started.systems
