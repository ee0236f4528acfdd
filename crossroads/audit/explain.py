"""Why a profile is what it is: every value with source, rule, time, run and mapping, and what lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, select

from crossroads.audit import profiles
from crossroads.audit.profiles import Step
from crossroads.audit.trail import Line, Write, history, writes
from crossroads.audit.who import Assertion, Record, assertions, members
from crossroads.canonical import Document
from crossroads.engine import decisions
from crossroads.engine.decided import Decision
from crossroads.engine.parts import Part, addressed, contributions, source
from crossroads.engine.survivorship import Source, Won
from crossroads.engine.workspace import Workspace
from crossroads.store.session import table
from crossroads.store.tables import Profile


@dataclass(frozen=True, slots=True)
class Said:
    """What one record says of one field.

    `own` tells that it says so itself; otherwise the value came from us, and is as the system shows it.
    `mapping` is the version of the mapping that read it.
    """

    record: str
    value: Any = field(repr=False)
    at: str
    own: bool
    mapping: str


@dataclass(frozen=True, slots=True)
class Field:
    """One golden value, why it is golden, and what every other record says.

    `together` names the group that comes from one record as a whole. `settled` is false when the records and
    rules as they are now would give another value, source or time: the next run settles that.
    """

    path: str
    value: Any = field(repr=False)
    record: str
    rule: str
    ranking: Sequence[str]
    together: str | None
    at: str
    run: str
    mapping: str
    others: Sequence[Said]
    settled: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A profile and everything that made it what it is."""

    id: str
    asked: str
    way: Sequence[Step]
    entity: str
    settled_at: str
    run: str
    fields: Sequence[Field]
    records: Sequence[Record]
    assertions: Sequence[Assertion]
    decisions: Sequence[Decision]
    lineage: Sequence[Step]
    writes: Sequence[Write]
    history: Sequence[Line]


def explain(ws: Workspace, name: str) -> Explanation:
    """Return why a profile is what it is; `name` is its id, a former id, or the address of a record of it."""
    with ws.store.read() as db:
        identity, way = profiles.resolve(db, name)
        rows = table(Profile)
        row = db.execute(select(rows).where(rows.c.id == identity)).one()
        lineage = profiles.lineage(db, identity)
        ids = [
            identity,
            *(step.before for step in lineage if step.kind == "merged" and step.before != identity),
        ]
        records = members(db, ws, identity)
        return Explanation(
            id=identity,
            asked=name,
            way=way,
            entity=row.entity,
            settled_at=row.settled_at,
            run=row.run,
            fields=_fields(db, ws, row),
            records=records,
            assertions=assertions(db, [record.address for record in records]),
            decisions=_decisions(db, [record.address for record in records]),
            lineage=lineage,
            writes=writes(db, ids),
            history=history(db, ids),
        )


def _decisions(db: Connection, addresses: Sequence[str]) -> list[Decision]:
    found = [one for those in decisions.of(db, addresses).values() for one in those]
    return sorted(found, key=lambda one: (one.at, one.record, one.path))


def _fields(db: Connection, ws: Workspace, profile: Any) -> list[Field]:
    document: Document = orjson.loads(profile.document)
    provenance: dict[str, list[Any]] = orjson.loads(profile.provenance)
    found = contributions(db, [profile.id]).get(profile.id, [])
    parts = [part for part in found if (part.connection, part.stream) in ws.entities]
    sources = [source(ws, part) for part in parts]
    decided = decisions.of(db, [part.address for part in parts])
    now, why = ws.survivorship.golden(profile.entity, sources, decided) if sources else ({}, {})
    said = {one.id: _said(ws, part, one) for part, one in zip(parts, sources, strict=True)}
    addresses = {one.id: one.address for one in sources}
    return [
        _field(ws, profile.entity, path, document.get(path), provenance.get(path), said, addresses, now, why)
        for path in sorted({**document, **now})
    ]


def _field(
    ws: Workspace,
    entity: str,
    path: str,
    value: Any,
    stored: Sequence[Any] | None,
    said: Mapping[str, Mapping[str, Sequence[Said]]],
    addresses: Mapping[str, str],
    now: Document,
    why: Mapping[str, Won],
) -> Field:
    rule, group = ws.survivorship.rule(entity, path)
    winner, name, at, run, mapping = stored or ("", "", "", "", "")
    agrees = stored is not None and path in why and (winner, name, at) == why[path][:3] and now[path] == value
    return Field(
        path=path,
        value=value,
        record=addresses.get(winner, winner),
        rule=name,
        ranking=rule.systems if name == "ranked" else (),
        together=group,
        at=at,
        run=run,
        mapping=mapping,
        others=[
            word
            for identity, one in said.items()
            for word in one.get(path, ())
            if not (word.own and identity == winner)
        ],
        settled=agrees,
    )


def _said(ws: Workspace, part: Part, one: Source) -> dict[str, list[Said]]:
    """Return what one record says of every field: its own word, and beside it what came from us."""
    shown = addressed(part, ws.lens(part.connection, part.stream), part.held.holds)
    found = {
        path: [Said(one.address, value, one.at(path), True, part.mapping)] for path, value in one.said.items()
    }
    for path in part.held.echo:
        found.setdefault(path, []).append(Said(one.address, shown.get(path), "", False, part.mapping))
    return found
