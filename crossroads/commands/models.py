"""Commands for the model by which customers are known in the store: learn one of them, take it into use, see which were."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from crossroads.calm import calm
from crossroads.commands.decide import Yes
from crossroads.commands.person import By, Why
from crossroads.commands.terminal import console, told, workspace
from crossroads.errors import ConfigError
from crossroads.identity.model import Model
from crossroads.launch import home as homes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crossroads.engine.adopting import Adopted, Tell

Limit = Annotated[int, typer.Option(help="How many people to name of each kind.")]


def learn(
    out: Annotated[Path, typer.Option(help="Where to write the model.")],
    limit: Limit = 20,
) -> None:
    """Learn who is who from the store's own customers, and show what would change by that; nothing is changed."""
    from crossroads.engine import adopting

    with told(), calm(), workspace() as ws:
        with console.status("Learning ..."):
            need_extra()
            from crossroads.engine.learning import learnt

            model = learnt(ws)
            model.save(out)
        with _bar("Comparing everybody anew, on a copy of the store") as tell:
            found = adopting.shown(ws, model, tell)
    _show(model, found, limit)
    console.print(
        f"Written to {out}, {model.about}: it merges from {model.threshold:.1f} bits on. The store is as it was. "
        f"`crossroads identity adopt {out} --by NAME --why REASON --yes` takes it into use.",
        highlight=False,
    )


def adopt(
    model: Annotated[
        str, typer.Argument(help="A model's file, or the version of one that was in use before.")
    ],
    by: By,
    why: Why,
    yes: Yes = False,
    limit: Limit = 20,
) -> None:
    """Know all customers by a model from now on. Syncs of customers wait until everybody is compared anew."""
    from crossroads.engine import adopting
    from crossroads.identity.online.models import kept

    with told(), calm(), workspace() as ws:
        if Path(model).is_file():
            chosen = Model.load(Path(model))
        else:
            with ws.store.read() as db:
                chosen = kept(db, model)
        with _bar("Comparing everybody anew" if yes else "Comparing everybody anew, on a copy") as tell:
            found = (
                adopting.adopt(ws, chosen, actor=by, why=why, tell=tell)
                if yes
                else adopting.shown(ws, chosen, tell)
            )
    _show(chosen, found, limit)
    console.print("Done; the next runs tell the systems." if yes else "Nothing is changed yet: say --yes.")


def models() -> None:
    """List the models by which customers were compared, the one in use first, and whether it still fits."""
    from crossroads.audit.cells import moment
    from crossroads.identity.online.models import adoptions
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        found = adoptions(db)
        if not found:
            console.print("No customers were compared yet.")
            return
        shown = Table("model", "in use since", "by", "why")
        for one in found:
            shown.add_row(one.version, moment(one.at), one.actor, one.why)
        console.print(shown)
        hint(console, db)


def hint(console: Console, db: "Connection") -> None:
    """Say what to do about the model in use, if anything."""
    from crossroads.identity.online.models import advice

    if told_of := advice(db):
        console.print(told_of, highlight=False)


@contextmanager
def _bar(what: str) -> Iterator["Tell"]:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def _show(model: Model, found: "Adopted", limit: int) -> None:
    shown = Table("", "records", box=None)
    for what, people in (("joined", found.joined), ("parted", found.parted)):
        for parts in people[:limit]:
            shown.add_row(what, "  |  ".join(", ".join(names) for names in parts))
    if shown.row_count:
        console.print(shown)
    if found.told or found.made:
        effects = Table("stream", "field", "records", box=None)
        for (stream, path), count in sorted(found.told.items()):
            effects.add_row(stream, path, f"{count:,}")
        for stream, count in sorted(found.made.items()):
            effects.add_row(stream, "(made)", f"{count:,}")
        console.print(effects)
    console.print(
        f"{found.records:,} records are {found.before:,} people by the model in use and {found.after:,} by model "
        f"{model.version}, which merges from {model.threshold:.1f} bits on: {len(found.joined):,} of them are made of several, "
        f"{len(found.parted):,} are taken apart. The largest has {found.largest[1]:,} records, and had {found.largest[0]:,}.",
        highlight=False,
    )


def need_extra() -> None:
    """Refuse to go on without what files of people are compared with."""
    try:
        import splink  # noqa: F401
    except ModuleNotFoundError:
        raise ConfigError(
            "Files of people are compared by Splink: install crossroads with its extra `identity`."
        ) from None
