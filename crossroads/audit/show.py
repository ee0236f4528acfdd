"""Status, runs, profiles and what was set aside, as tables on a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console

from crossroads.audit.aside import Aside
from crossroads.audit.cells import cell, columns, lines, moment, state
from crossroads.audit.journal import Verified
from crossroads.audit.profiles import LIMIT, Found
from crossroads.audit.runs import HELD_BACK, RunView, StepView
from crossroads.audit.status import Overview
from crossroads.audit.texts import said
from crossroads.engine.schema_approval import said as counted

COLOURS = {"agree": "green", "waiting": "yellow", "moving": "blue", "new": "yellow", "apart": "yellow"}
SHOWN = 8  # records of one outcome that a run's table names


def status(console: Console, seen: Overview) -> None:
    """Show one verdict with what stands against it, every system, and the last run of every sync."""
    console.print(cell(said(f"verdict.{seen.verdict}"), f"bold {COLOURS.get(seen.verdict, 'red')}"))
    for gap in seen.gaps:
        told = "; ".join(gap.told)
        console.print(cell(f"  {said(f'gap.{gap.kind}', where=gap.where, count=gap.count, told=told)}"))
    if any(gap.kind in ("refused", "rejected", "parent", "person", "outcome", "unread") for gap in seen.gaps):
        console.print(cell(f"  {said('see.rejected')}", "dim"))
    if any(gap.kind == "differs" for gap in seen.gaps):
        console.print(cell(f"  {said('see.differs')}", "dim"))
    for where, raised in seen.schema.items():
        told = f"{counted(raised)}. {said('see.schema')}"
        console.print(cell(f"  {said('schema.raised', where=where, told=told)}", "yellow"))
    if seen.compared:
        told = "; ".join(
            f"{one.sync} {one.at[:16].replace('T', ' ')} UTC, {said(f'compared.{one.agrees}')}"
            for one in seen.compared
        )
        console.print(cell(f"  {said('compare.last', told=told)}", "dim"))
    numbers = ("records", "read", "changed", "written", "not written", "open", "parked", "rejected")
    table = columns("stream", *numbers, "last read (UTC)", numbers=numbers, whole=("stream",))
    for view in seen.streams:
        wrote = view.wrote
        kept = sum(wrote.get(outcome, 0) for outcome in HELD_BACK)
        counts = (view.held, view.read.get("read", 0), view.read.get("applied", 0), wrote.get("applied", 0), kept,
                  view.outstanding, view.parked, view.rejected)  # fmt: skip
        shown = [str(count) for count in counts]
        if view.blocked:
            shown[0] += f" ({said('blocked', count=view.blocked)})"
        table.add_row(view.name, *shown, moment(view.read_at))
    console.print(table)
    table = columns("last runs", "ended", "started (UTC)", "ended (UTC)", whole=("last runs",))
    for sync, run in seen.syncs.items():
        if run is None:
            table.add_row(sync, "-", "-", "-")
        else:
            table.add_row(cell(run.id), state(run.state), moment(run.started_at), moment(run.ended_at))
    console.print(table)


def run(console: Console, one: RunView, steps: Sequence[StepView]) -> None:
    """Show one run: how each step of each system ended, and which records ended how."""
    console.print(cell(f"{one.id}: "), state(one.state), moment(one.started_at), "-", moment(one.ended_at))
    for problem in one.problems:
        console.print(cell(f"  {problem}", "red"))
    names = ("step", "stream", "ended", "tries", "outcome", "records", "which")
    table = columns(*names, numbers=("tries", "records"), whole=("stream", "outcome"))
    for step in steps:
        first = (step.step, step.member, state(step.state), str(step.attempts))
        rows = [("", "", cell(step.error, "red"))] if step.error else []
        for outcome, keys in step.outcomes.items():
            # What did not change is nobody's question, and most of a run.
            named = [] if outcome == "unchanged" else keys[:SHOWN]
            more = ["..."] if len(named) == SHOWN < len(keys) else []
            rows.append((outcome, str(len(keys)), cell(", ".join([*named, *more]))))
        for number, row in enumerate(rows or [("-", "0", cell(""))]):
            table.add_row(*(("", "", "", "") if number else first), *row)
    console.print(table)


def profiles(console: Console, found: Sequence[Found]) -> None:
    """Show profiles, what was found in them, and the records that belong to them."""
    if not found:
        console.print(said("profiles.none"))
        return
    table = columns("profile", "entity", "found", "records")
    for one in found:
        values = lines(f"{path}: {one.document[path]}" for path in one.paths)
        table.add_row(one.id, one.entity, values, lines(one.records))
    console.print(table)
    if len(found) == LIMIT:
        console.print(said("profiles.more", count=LIMIT))


def rejected(
    console: Console,
    found: Sequence[Aside],
    unmapped: Mapping[tuple[str, str], Sequence[str]],
    shown: int | None = SHOWN,
) -> None:
    """Show what was set aside and what waits, like things in one row, and what to do; then what no mapping names.

    `shown` is how many records a row names, all of them if None.
    """
    if not found:
        console.print(said("rejected.none"))
    else:
        table = columns(
            "where",
            "what happened",
            "why",
            "records",
            "which",
            "what to do",
            "since (UTC)",
            numbers=("records",),
        )
        for alike in _alike(found):
            one = alike[0]
            keys = [other.key for other in alike]
            table.add_row(
                cell(f"{one.connection}/{one.stream}"),
                cell(said(f"kind.{one.kind}") + (f": {one.about}" if one.about else "")),
                cell("; ".join(one.reasons) or "-"),
                str(len(keys)),
                lines([*keys[:shown], *(["..."] if keys[:shown] != keys else [])]),
                cell(
                    said(
                        f"do.{one.kind}",
                        connection=one.connection,
                        about=one.about,
                        name=one.name,
                        target=one.place,
                    )
                ),
                moment(one.at),
            )
        console.print(table)
    if unmapped:
        table = columns("system", "stream", "fields", title=said("unmapped"))
        for (connection, stream), fields in unmapped.items():
            table.add_row(connection, stream, cell(", ".join(fields)))
        console.print(table)


def _alike(found: Sequence[Aside]) -> Iterable[Sequence[Aside]]:
    groups: dict[tuple[object, ...], list[Aside]] = {}
    for one in found:
        key = (one.kind, one.connection, one.stream, one.about, *one.reasons)
        groups.setdefault(key, []).append(one)
    return groups.values()


def journal(console: Console, seen: Verified) -> bool:
    """Show whether the journal holds; return whether it does."""
    if not seen.problems:
        console.print(cell(said("journal.good", count=seen.entries, head=seen.head), "green"))
        console.print(cell(said("journal.note"), "dim"))
        return True
    console.print(cell(said("journal.bad"), "bold red"))
    for problem in seen.problems:
        console.print(cell(f"  {problem}"))
    return False
