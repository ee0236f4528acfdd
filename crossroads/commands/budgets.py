"""How the systems stand with us: who is called, who asked for a pause, whose breaker is open."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossroads.commands.terminal import console, told
from crossroads.errors import ConfigError
from crossroads.launch import home as homes

if TYPE_CHECKING:  # the database takes half a second to import, and no other command waits for it
    from rich.console import Console

    from crossroads.protocols.budget import Standing


def budgets(
    call_again: Annotated[
        str | None,
        typer.Option(
            "--call-again",
            help="A system as shown: end its pause and close its breaker; its limits still hold.",
        ),
    ] = None,
) -> None:
    """Show every system's call budget: how it stands with us, and until when it is not called."""
    from crossroads.audit.cells import cell, columns
    from crossroads.protocols.counters import beside

    with told():
        calls = beside(homes.find().database_url)
        if call_again is not None:
            again(calls, call_again)
        found = stand(calls)
        if not found:
            raise ConfigError("No system was called yet.")
        table = columns("system", "calls", "stands", "since", "not called before", numbers=("calls",))
        for one in found:
            # Without limits there is nothing to count.
            told_of = (one.title, one.calls or "-", one.why, one.since or "-", one.until or "-")
            table.add_row(*map(cell, told_of))
        console.print(table)


def held(console: "Console") -> None:
    """Show a line for every system that is not called now."""
    from crossroads.audit.cells import cell
    from crossroads.protocols.counters import beside

    for one in stand(beside(homes.find().database_url)):
        if one.until:
            since = f" since {one.since}" if one.since else ""
            console.print(cell(f"  {one.title} {one.why}{since}; not called before {one.until}", "red"))


def stand(calls: str) -> "Sequence[Standing]":
    """Return how every system stands; nothing is created by looking."""
    from sqlalchemy import make_url

    from crossroads.protocols.budget import standings
    from crossroads.protocols.counters import Counters

    url = make_url(calls)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return []
    counters = Counters(calls)
    try:
        return standings(counters)
    finally:
        counters.close()


def again(calls: str, title: str) -> None:
    """Let a system be called again at once."""
    from crossroads.protocols.budget import forget
    from crossroads.protocols.counters import Counters

    mine = [one for one in stand(calls) if one.title == title]
    if not mine:
        raise ConfigError(f"No system is called {title!r} here; `crossroads budgets` shows them.")
    counters = Counters(calls)
    try:
        for one in mine:
            forget(counters, one.name)
    finally:
        counters.close()
