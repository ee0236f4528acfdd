"""One thing that was set aside on a terminal. It shows personal values, to whoever asked and to nobody else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from crossroads.audit.cells import cell, columns, lines, moment
from crossroads.audit.repair import Former, Look
from crossroads.audit.texts import said
from crossroads.engine.edits import Tried, leaves
from crossroads.engine.repair import Place


def look(console: Console, one: Look) -> None:
    """Show why it was set aside, the original or what would be sent, and what people did about it before."""
    console.print(cell(one.place.name, "bold"), said(f"repair.{one.place.step}"))
    for reason in one.reasons:
        console.print(cell(f"  {reason}", "red"))
    console.print(cell(said("repair.since", at=moment(one.at), run=one.run, mapping=one.mapping), "dim"))
    if one.original is not None:
        table = columns("field of the record", "value")
        for path, value in leaves(one.original):
            table.add_row(cell(path), cell(value))
        console.print(table)
        if one.now is not None and not one.now.reasons:
            console.print(cell(said("repair.reads"), "yellow"))
    if one.place.step == "push":
        _written(console, one)
    _history(console, one.history)


def tried(console: Console, result: Tried, differs: Mapping[str, Sequence[str]]) -> None:
    """Show what an edit changes and what the mapping makes of it."""
    for path, (before, after) in differs.items():
        console.print(cell(f"  {path}: {before} -> {after}"))
    for reason in result.reasons:
        console.print(cell(f"  {reason}", "red"))
    if result.document is not None:
        table = columns("canonical field", "value")
        for path, value in sorted(result.document.items()):
            table.add_row(cell(path), cell(value))
        console.print(table)
    for notice in result.notices:
        console.print(cell(f"  {notice}", "yellow"))


def ended(console: Console, found: Mapping[Place, str], sync: Mapping[Place, str]) -> None:
    """Show what became of each."""
    table = columns("which", "what became of it", whole=("which",))
    for place, outcome in found.items():
        table.add_row(cell(place.name), cell(said(f"repair.{outcome}", sync=sync[place])))
    console.print(table)


def _written(console: Console, one: Look) -> None:
    console.print(cell(said("repair.attempts", count=one.attempts)))
    if one.sent is None or one.document is None:
        console.print(cell(said("repair.unplanned"), "yellow"))
        return
    table = columns("canonical field", "would be said", "said by")
    for path, value in sorted(one.document.items()):
        table.add_row(cell(path), cell(value), cell(one.said.get(path, "-")))
    console.print(table)
    table = columns("field of the target", "would be sent")
    for path, value in _patch(one.sent):
        table.add_row(cell(path), cell(value))
    console.print(table)


def _patch(sent: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if sent["record"]:
        yield from leaves(sent["record"])
    for path, _, _, record, _ in sent["parts"]:
        yield from leaves(record, ".".join(path))


def _history(console: Console, found: Sequence[Former]) -> None:
    if not found:
        return
    table = columns("repair", "by", "why", "what was changed", "mapping", "at (UTC)")
    for one in found:
        changed = lines(f"{path}: {before} -> {after}" for path, (before, after) in one.difference.items())
        table.add_row(
            cell(said(f"former.{one.state}")),
            cell(one.actor),
            cell(one.why),
            changed,
            cell(one.mapping),
            moment(one.at),
        )
    console.print(table)
