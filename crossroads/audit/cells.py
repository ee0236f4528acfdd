"""What stands in a table on a terminal: plain text, whatever a remote system put into a value."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from crossroads.audit.texts import said


def cell(value: object, style: str = "") -> Text:
    """Return a value as one line of plain text.

    Characters that a terminal would obey, such as the escape that moves its cursor, are shown as a mark: a
    value comes from another system, and must not be able to rewrite what an auditor sees.
    """
    if value is None:
        return Text(said("value.none"), style="dim")
    return Text(
        "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)), style=style
    )


def lines(values: Iterable[object]) -> Text:
    """Return values as plain text, each on a line of its own."""
    return Text("\n").join(cell(value) for value in values)


def state(name: str) -> Text:
    """Return the state of a run, step or write, in its colour."""
    colours = {"finished": "green", "written": "green", "failed": "red", "rejected": "red", "unknown": "red"}
    return cell(said(f"state.{name}"), colours.get(name, ""))


def moment(instant: str | None) -> Text:
    """Return an instant to the second, in UTC."""
    return Text(f"{instant[:10]} {instant[11:19]}" if instant else "-")


def columns(
    *names: str, numbers: Sequence[str] = (), whole: Sequence[str] = (), title: str | None = None
) -> Table:
    """Return an empty table; long values are folded, never cut; times and `whole` columns stay on one line."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for name in names:
        kept = name in whole or name in numbers or name.endswith("(UTC)")
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold", no_wrap=kept)
    return table
