"""What a comparison with the systems found, as tables on a terminal."""

from collections.abc import Sequence

from rich.console import Console

from crossroads.audit.cells import cell, columns, lines, moment
from crossroads.audit.texts import said
from crossroads.engine.reconcile_found import COUNTS, Report, line
from crossroads.engine.reconcile_rows import Open

SHOWN = 8  # names in one row
_COLOURS = {True: "bold green", False: "bold red", None: "bold yellow"}


def compared(console: Console, reports: Sequence[Report]) -> None:
    """Show in one line whether all systems agree, then the counts of every stream, and what a repair did."""
    agrees = [report.agrees for report in reports]
    verdict = False if False in agrees else None if None in agrees else True
    console.print(cell(line(reports), _COLOURS[verdict]))
    table = columns("stream", *COUNTS, numbers=COUNTS, whole=("stream",))
    notes = []
    for report in reports:
        for stream in report.streams:
            table.add_row(stream.name, *(str(stream.counts[name] or "-") for name in COUNTS))
            if stream.error:
                notes.append(said("compare.error", where=stream.name, told=stream.error))
            elif stream.doubt:
                notes.append(said("compare.doubt", where=stream.name, told=stream.doubt))
    console.print(table)
    for note in notes:
        console.print(cell(f"  {note}"))
    for report in reports:
        if report.repaired is not None:
            text = said("compare.repaired", sync=report.sync, done=report.repaired, count=report.found)
            console.print(cell(text, "green" if report.repaired == report.found else "yellow"))
        if report.problems:
            console.print(cell(report.problems, "red"))
    if any(report.found and report.repaired != report.found for report in reports):
        console.print(cell(said("see.differs"), "dim"))


def standing(console: Console, found: Sequence[Open]) -> None:
    """Show what differed when last compared and still does, like things in one row."""
    if not found:
        console.print(said("compare.none"))
        return
    groups: dict[tuple[str, str, str, str, str], list[Open]] = {}
    for one in sorted(found, key=lambda one: not one.disagrees):
        told = ", ".join(one.fields)
        groups.setdefault((one.connection, one.stream, one.kind, told, one.why), []).append(one)
    names = ("where", "what", "fields", "why", "records", "which", "since (UTC)")
    table = columns(*names, numbers=("records",), whole=("where", "which"))
    for (connection, stream, kind, fields, why), alike in groups.items():
        names_ = [one.name for one in alike]
        table.add_row(
            cell(f"{connection}.{stream}" if connection else stream),
            cell(said(f"differs.{kind}")),
            cell(fields or "-"),
            cell(_why(kind, why)),
            str(len(alike)),
            lines([*names_[:SHOWN], *(["..."] if len(names_) > SHOWN else [])]),
            moment(min(one.first_seen for one in alike)),
        )
    console.print(table)
    console.print(cell(said("see.repair"), "dim"))


def _why(kind: str, why: str) -> str:
    if kind == "vanished":
        return said("why.vanished" if why != "none" else "why.absent", deletes=why)
    told = said(f"why.{why}") if why else "-"
    return told if not told.startswith("why.") else why
