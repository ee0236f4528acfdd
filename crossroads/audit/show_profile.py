"""An explanation as tables on a terminal. It shows personal values, to whoever asked and to nobody else."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.console import Console

from crossroads.audit.cells import cell, columns, lines, moment, state
from crossroads.audit.explain import Explanation, Field, Said
from crossroads.audit.profiles import Step
from crossroads.audit.texts import said
from crossroads.audit.trail import Line, Write
from crossroads.audit.who import Record


class Marks(dict[str, str]):
    """Short names for runs, whose own fill a line: r1, r2 and so on, in the order in which they are met."""

    def __missing__(self, run: str) -> str:
        self[run] = f"r{len(self) + 1}"
        return self[run]


def explanation(console: Console, one: Explanation) -> None:
    """Show every value with its reasons, who belongs to the profile and why, what was sent, and what happened."""
    runs, names = Marks(), _names(one.records)
    for step in one.way:
        console.print(_step(step), highlight=False)
    console.print(cell(f"{one.entity} {one.id}", "bold"))
    _records(console, one.records, names, runs)
    for fact in one.assertions:
        told = f"{fact.a} and {fact.b} {said(f'assert.{fact.kind}')}: {fact.why} ({moment(fact.at)})"
        console.print(cell(told), highlight=False)
    for decision in one.decisions:
        told = f"{decision.record} is right about {decision.path}, says {decision.actor}: {decision.why} ({moment(decision.at)})"
        console.print(cell(told), highlight=False)
    for step in one.lineage:
        console.print(_step(step), highlight=False)
    _fields(console, one.fields, names, runs)
    _writes(console, one.writes, runs)
    _history(console, one.history, runs)
    for run, mark in runs.items():
        console.print(cell(f"{mark} = {run}"), highlight=False)


def _names(records: Sequence[Record]) -> dict[str, str]:
    """Return what each record is called in the tables: its connection, with a number where that has several."""
    found: dict[str, list[str]] = {}
    for record in records:
        found.setdefault(record.address.partition("/")[0], []).append(record.address)
    return {
        address: connection if len(addresses) == 1 else f"{connection} {number}"
        for connection, addresses in found.items()
        for number, address in enumerate(addresses, 1)
    }


def _fields(console: Console, fields: Sequence[Field], names: Mapping[str, str], runs: Marks) -> None:
    table = columns("field", "value", "said by", "rule", "said at (UTC)", "by run", "mapping")
    united = {(_place(field.path), field.value) for field in fields if field.rule == "union"}
    for field in fields:
        table.add_row(
            cell(field.path),
            cell(field.value, "bold"),
            cell(names.get(field.record, field.record)),
            cell(_rule(field)),
            moment(field.at),
            runs[field.run],
            field.mapping,
        )
        if not field.settled:
            table.add_row("", cell(said("unsettled"), "red"))
        for word in field.others:
            standing = cell(_standing(field, word, united), "dim")
            table.add_row(
                "",
                cell(word.value, "dim"),
                cell(names[word.record]),
                standing,
                moment(word.at),
                "",
                word.mapping,
            )
    console.print(table)


def _rule(field: Field) -> str:
    rule = said(f"rule.{field.rule}", ranking=", ".join(field.ranking))
    return said("rule.together", rule=rule, group=field.together) if field.together else rule


def _place(path: str) -> tuple[str, str]:
    """Return a path without the label in it."""
    return path.partition(".")[0], path.rpartition(".")[2]


def _standing(field: Field, word: Said, united: Collection[tuple[tuple[str, str], Any]]) -> str:
    """Say what became of a record's word; of something labelled it may stand elsewhere, under its system's name."""
    if not word.own:
        return said("said.ours")
    if word.value == field.value:
        return said("said.agrees")
    return said("said.united" if (_place(field.path), word.value) in united else "said.lost")


def _records(console: Console, records: Sequence[Record], names: Mapping[str, str], runs: Marks) -> None:
    table = columns(
        "called", "record", "belongs here because", "linked (UTC)", "by run", "last changed by run"
    )
    for record in records:
        states = (("gone", record.gone), ("blocked", record.blocked), ("rests", record.rests))
        notes = [said(f"record.{note}", by=record.blocked) for note, true in states if true]
        why = [_evidence(names.get(other, other), why) for other, why in record.evidence] or [
            said("evidence.none")
        ]
        table.add_row(
            names[record.address],
            cell(record.address),
            lines([*why, *notes]),
            moment(record.linked_at),
            runs[record.linked_by],
            runs[record.read_by],
        )
    console.print(table)


def _evidence(other: str, why: str) -> str:
    kind, *told = why.split(":")
    if kind == "weight":
        return said("evidence.weight", bits=told[0], version=told[1], other=other)
    return said(f"evidence.{why}" if why in ("created", "must") else "evidence.key", why=why, other=other)


def _writes(console: Console, writes: Sequence[Write], runs: Marks) -> None:
    if not writes:
        return
    table = columns(
        "sent to", "what", "state", "tries", "sent (UTC)", "ended (UTC)", "by run", numbers=("tries",)
    )
    for write in writes:
        what = lines(f"{path}: {cell(value)}" for path, value in sorted(write.document.items()))
        told = lines([state(write.state), *write.reasons])
        table.add_row(
            cell(f"{write.to}/{write.key}" if write.key else f"{write.to} (new)"),
            what,
            told,
            str(write.attempts),
            moment(write.sent_at),
            moment(write.ended_at),
            runs[write.run],
        )
    console.print(table)


def _history(console: Console, history: Sequence[Line], runs: Marks) -> None:
    table = columns("journal", "when (UTC)", "what", "particulars", "by run", numbers=("journal",))
    for line in history:
        table.add_row(str(line.seq), moment(line.at), line.kind, _particulars(line.body), runs[line.run])
    console.print(table)


def _particulars(body: Mapping[str, Any] | None) -> Any:
    if body is None:
        return cell(said("line.erased"), "dim")
    return lines(f"{name}: {_changed(value)}" for name, value in sorted(body.items()))


def _changed(value: Any) -> str:
    """Return what a journal says of one field: before and after, or a list of names."""
    if isinstance(value, list) and len(value) == 4:
        return f"{cell(value[0])} -> {cell(value[1])}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _step(step: Step) -> Any:
    return cell(
        said(f"way.{step.kind}", before=step.before, after=step.after, at=moment(step.at), run=step.run)
    )
