"""What the next runs would do, as tables on a terminal and as counts in a file."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from crossroads.audit.cells import cell, columns
from crossroads.audit.texts import said
from crossroads.engine.dry_run import Foreseen, counted

SHOWN = 20  # records of one sync whose values are shown


def foreseen(console: Console, found: Sequence[Foreseen], shown: int | None = SHOWN) -> None:
    """Show what would be sent to each target: counts, then field by field what stands there now and then."""
    for one in found:
        console.print(cell(f"{one.sync}: ", "bold"), said("dry.sends", count=len(one.writes)))
        for problem in one.problems:
            console.print(cell(f"  {problem}", "red"))
        if not one.writes:
            continue
        table = columns(
            "target", "creates", "changes", "fields", numbers=("creates", "changes"), whole=("target",)
        )
        for target, counts in counted(one.writes).items():
            fields = ", ".join(f"{path} {count}" for path, count in sorted(counts["fields"].items()))
            table.add_row(cell(target), str(counts["create"]), str(counts["change"]), cell(fields))
        console.print(table)
        table = columns("target", "record", "field", "now", "then", whole=("target",))
        for write in one.writes[:shown]:
            name = cell(write.key or said("dry.new"))
            for number, (path, (now, then)) in enumerate(sorted(write.fields.items())):
                first = (cell(write.target), name) if number == 0 else (cell(""), cell(""))
                table.add_row(*first, cell(path), cell(now), cell(then))
        console.print(table)
        if len(one.writes[:shown]) < len(one.writes):
            console.print(cell(said("dry.more", count=len(one.writes[:shown])), "dim"))


def told(found: Sequence[Foreseen], *, values: bool = False) -> list[dict[str, Any]]:
    """Return counts and names of fields for a file; what the records say only if asked for `values`."""
    return [
        {
            "sync": one.sync,
            "targets": counted(one.writes),
            "members": one.members,
            "problems": one.problems,
            "writes": [
                {
                    "target": write.target,
                    "kind": write.kind,
                    "key": write.key,
                    "profile": write.profile,
                    "fields": {path: list(pair) for path, pair in write.fields.items()}
                    if values
                    else sorted(write.fields),
                }
                for write in one.writes
            ],
        }
        for one in found
    ]
