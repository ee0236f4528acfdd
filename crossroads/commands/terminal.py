"""What every command needs: a console, the folder it works in, an open workspace, and errors told as a sentence."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from crossroads.errors import CrossroadsError
from crossroads.launch import home as homes
from crossroads.launch.home import Home

if TYPE_CHECKING:
    from crossroads.engine.workspace import Workspace

# Without a terminal there is no width to fit: a table in a file or a pipe is laid out wide.
console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140)


def entered() -> Home:
    """Return the folder Crossroads works in, entered: Airflow and the store are found from here on."""
    home = homes.find()
    home.enter(quiet=True)
    return home


@contextmanager
def workspace() -> Iterator["Workspace"]:
    """Yield what the engine works with: store, plans and connections, as the DAGs see them."""
    entered()
    from crossroads.airflow import workspace as opened
    from crossroads.launch import connections

    ws = opened(connections.system)
    try:
        yield ws
    finally:
        ws.store.close()


@contextmanager
def told() -> Iterator[None]:
    """Show our own errors as a sentence; anything else is a mistake of ours and keeps its traceback."""
    try:
        yield
    except CrossroadsError as error:
        console.print(f"[bold red]{type(error).__name__}[/]: {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from None
