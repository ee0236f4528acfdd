"""The fields that sources send, as tables on a terminal: paths and types, never a value."""

from collections.abc import Sequence

from rich.console import Console

from crossroads.audit.cells import cell, columns, moment
from crossroads.audit.texts import said
from crossroads.engine.schema_approval import RAISED, Seen

_COLOURS = {"new": "yellow", "retyped": "red", "missing": "red"}


def waiting(console: Console, found: Sequence[Seen]) -> None:
    """Show what waits for a person in every stream, and how many fields each stream has."""
    table = columns(
        "stream", "fields", "mapped", *RAISED, numbers=("fields", "mapped", *RAISED), whole=("stream",)
    )
    streams = dict.fromkeys((one.connection, one.stream) for one in found)
    for connection, stream in streams:
        mine = [one for one in found if (one.connection, one.stream) == (connection, stream)]
        counts = [sum(one.state == state for one in mine) for state in RAISED]
        mapped = sum(one.named for one in mine)
        table.add_row(f"{connection}.{stream}", str(len(mine)), str(mapped), *(str(n or "-") for n in counts))
    console.print(table)
    raised = [one for one in found if one.state in RAISED]
    if not raised:
        console.print(cell(said("schema.none"), "green"))
        return
    _fields(console, raised, streams=True)
    console.print(cell(said("see.approve"), "dim"))


def stream(console: Console, found: Sequence[Seen]) -> None:
    """Show every field of one stream."""
    _fields(console, found, streams=False)
    if any(one.state in RAISED for one in found):
        console.print(cell(said("see.approve"), "dim"))


def _fields(console: Console, found: Sequence[Seen], *, streams: bool) -> None:
    names = ("path", "state", "types", "approved types", "mapped", "seen in", "first seen (UTC)", "last seen (UTC)",
             "approved by")  # fmt: skip
    table = columns(*(("stream",) if streams else ()), *names, numbers=("seen in",))
    for one in found:
        table.add_row(
            *((f"{one.connection}.{one.stream}",) if streams else ()),
            cell(one.path),
            cell(one.state, _COLOURS.get(one.state, "")),
            cell(", ".join(one.types) or "-"),
            cell(", ".join(one.approved_types) or "-"),
            "yes" if one.named else "-",
            f"{one.share:.0%} of {one.of:,}" if one.of else "-",
            moment(one.first_seen),
            moment(one.last_seen),
            cell(one.approved_by or ("first read" if one.state == "approved" else "-")),
        )
    console.print(table)
