"""Let a person decide who is right about one field: first what that will change and where, then the decision itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, select

from crossroads import journal
from crossroads.canonical import ENTITIES, Document, pattern
from crossroads.engine import decisions
from crossroads.engine.decided import Decision, mark
from crossroads.engine.effects import Effect, effects
from crossroads.engine.parts import contributions, source
from crossroads.engine.settle import contested, settle
from crossroads.engine.survivorship import Source
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.store.session import table
from crossroads.store.tables import Profile

RUN = "decision"  # what stands where others name the run that put a value there


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that is not made yet, or one to be withdrawn, and what will come of it."""

    profile: str
    entity: str
    decision: Decision
    before: Document = field(repr=False)
    after: Document = field(repr=False)
    effects: Sequence[Effect] = field(repr=False)
    withdrawn: bool = False


def proposed(
    db: Connection,
    ws: Workspace,
    profile: str,
    path: str,
    record: str,
    *,
    actor: str,
    why: str,
    withdraw: bool = False,
) -> Proposal:
    """Return what a decision for one record's word, or its withdrawal, would change; nothing is stored."""
    rows = table(Profile)
    row = db.execute(select(rows.c.entity, rows.c.document).where(rows.c.id == profile)).one()
    if pattern(ENTITIES[row.entity], path) is None:
        raise ConfigError(f"No {row.entity} has a field {path!r}; `crossroads explain {profile}` names them.")
    parts = [
        part
        for part in contributions(db, [profile]).get(profile, [])
        if (part.connection, part.stream) in ws.entities
    ]
    sources = [source(ws, part) for part in parts]
    unit = ws.survivorship.unit(row.entity, path)
    decided = {
        address: list(those) for address, those in decisions.of(db, [s.address for s in sources]).items()
    }
    others = [one for one in decided.get(record, []) if one.path != unit]
    if withdraw:
        former = next((one for one in decided.get(record, []) if one.path == unit), None)
        if former is None:
            raise ConfigError(f"Nobody decided that {record} is right about {unit}.")
        decision, decided[record] = former, others
    else:
        known = _known(ws, row.entity, unit, sources)
        if record not in known:
            raise ConfigError(
                f"{record} says nothing of {unit} itself. Records of this profile that do: {', '.join(sorted(known))}."
            )
        decision = Decision(record, unit, known, ws.clock(), actor, why)
        decided[record] = [*others, decision]
    before: Document = orjson.loads(row.document)
    after, reasons = ws.survivorship.golden(row.entity, sources, decided)
    found = effects(ws, row.entity, parts, after, contested(reasons))
    told = [one for one in found if ws.survivorship.unit(row.entity, one.path) == unit]
    return Proposal(profile, row.entity, decision, before, after, told, withdraw)


def decide(ws: Workspace, proposal: Proposal, *, actor: str, why: str) -> None:
    """Make or withdraw a decision: kept, told to the journal, and the profile settled so that its targets hear of it."""
    decision, at = proposal.decision, ws.clock()
    with ws.store.write() as db:
        if proposal.withdrawn:
            decisions.withdraw(db, decision.record, decision.path)
        else:
            decisions.keep(db, proposal.entity, decision)
        kind = "withdraw" if proposal.withdrawn else "decide"
        body = {"field": decision.path, "record": decision.record, "by": actor, "why": why}
        journal.append(db, [journal.Line(kind, proposal.profile, body)], run=RUN, at=at)
        settle(db, ws, proposal.entity, [proposal.profile], run=RUN, at=at)


def _known(ws: Workspace, entity: str, unit: str, sources: Sequence[Source]) -> Mapping[str, str]:
    found = {}
    for one in sources:
        paths = [path for path in one.said if ws.survivorship.unit(entity, path) == unit]
        if not one.gone and (said := mark(one, paths)):
            found[one.address] = said
    return found
