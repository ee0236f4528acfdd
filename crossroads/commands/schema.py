"""`crossroads schema`: the fields that sources send, what of them is new, missing or retyped, and a person's approval."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from crossroads.commands.person import By
from crossroads.commands.terminal import console, told
from crossroads.errors import ConfigError
from crossroads.launch import home as homes


class _ShowsByDefault(TyperGroup):
    """A group whose first word may be a stream instead of a command."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not args or (args[0] not in self.commands and not args[0].startswith("-")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ShowsByDefault,
    invoke_without_command=True,
    help="Show the fields that sources send, and approve what changed.",
)


@app.command()
def show(
    stream: Annotated[
        str | None, typer.Argument(help="`connection.stream`: all its fields, not only what waits.")
    ] = None,
) -> None:
    """Show what is new, missing or retyped in every stream, or all fields of one: paths and types, no values."""
    from crossroads.audit import show_schema
    from crossroads.engine.schema_approval import fields
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        found = fields(db, stream)
        if stream is None:
            show_schema.waiting(console, found)
            return
        if not found:
            known = dict.fromkeys(f"{one.connection}.{one.stream}" for one in fields(db))
            raise ConfigError(f"No stream {stream!r} was read. There are: {', '.join(known) or 'none'}.")
        show_schema.stream(console, found)


@app.command()
def approve(
    stream: Annotated[str, typer.Argument(help="The stream, as `connection.stream`.")],
    by: By,
    paths: Annotated[
        list[str] | None, typer.Argument(help="Paths, with all below them; everything that waits if none.")
    ] = None,
) -> None:
    """Take what is new, missing or retyped in a stream for right; no data is changed by it."""
    from crossroads.engine import schema_approval
    from crossroads.launch.reading import reading
    from crossroads.store import Store
    from crossroads.store.clock import now

    home = homes.find()
    with told(), reading(home):
        store = Store(home.database_url)
        try:
            done = schema_approval.approve(store, now, stream, paths or [], by)
        finally:
            store.close()
        console.print(f"{len(done)} fields of {stream} are approved.")
