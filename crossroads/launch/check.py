"""`crossroads check`: whether everything a sync needs is there, before a run finds out."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossroads.errors import ConfigError, CrossroadsError
from crossroads.launch import connections

if TYPE_CHECKING:
    from crossroads.engine.workspace import Workspace


def check(console: Console) -> bool:
    """Show a line per question and its answer, and return whether all is well."""
    table = Table("", "asked", "answer", box=None, pad_edge=False)
    good = True
    for asked, question in questions():
        try:
            question()
        except CrossroadsError as error:
            good = False
            table.add_row("[red]no[/]", asked, Text(str(error)))
        else:
            table.add_row("[green]yes[/]", asked, "")
    console.print(table)
    return good


def questions() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what has to hold, each with what finds out: it returns, or raises an error saying what to do."""
    from crossroads.airflow import workspace
    from crossroads.engine import order
    from crossroads.launch.prepare import ready

    ready()
    ws = workspace(connections.system)
    pools = connections.pool_names()
    for connection in dict.fromkeys(member.connection for plan in ws.plans for member in plan.between):
        yield f"{connection}: has a pool", partial(_pool, connection, pools)
        yield f"{connection}: answers and knows us", partial(_answers, ws, connection)
    for plan in ws.plans:
        for member in plan.between:
            lens = partial(ws.lens, member.connection, member.stream)
            yield f"{plan.sync}: the mapping of {member.name} holds", lens
    yield "no record waits for ever for another", partial(order.check, ws)


def _pool(connection: str, pools: set[str]) -> None:
    if connection not in pools:
        raise ConfigError(
            f"Airflow has no pool {connection!r}, and would never start the tasks of this system: "
            f"create it under Admin, Pools (2 slots are a good start)."
        )


def _answers(ws: "Workspace", connection: str) -> None:
    with ws.open(connection) as connector:
        connector.check()
