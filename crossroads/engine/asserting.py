"""Let a person say that two customers' records are one person's, or are not: first what comes of it, then the word itself.

It outranks every weight and is kept for every later run.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson
from sqlalchemy import Connection, and_, select

from crossroads import journal
from crossroads.engine import dirty, links
from crossroads.engine.effects import Effect, made, told
from crossroads.engine.parts import contributions
from crossroads.engine.persons import PERSONS
from crossroads.engine.settle import settle
from crossroads.engine.signature import signature
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Assertion

RUN = "assertion"  # what stands where others name the run
SAME, APART = "must", "cannot"
_assertion = Bulk(Assertion, ("a", "b", "kind", "why", "at", "actor", "over"))


class _Shown(Exception):
    """Ends a transaction of which nothing is to stay."""


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of two records, or takes back."""

    a: str
    b: str
    kind: str
    actor: str
    why: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whose the records of the persons concerned are then, what systems will be told, and where somebody will be made."""

    persons: Mapping[str, Sequence[str]]
    effects: Sequence[Effect] = field(repr=False)
    made: Sequence[tuple[str, str]]

    @property
    def mark(self) -> str:
        """Return what is another as soon as it would be about other records: who was shown this one knows by it."""
        persons = sorted(sorted(names) for names in self.persons.values())
        return blake2b(orjson.dumps(persons), digest_size=8).hexdigest()


class Moved(ConfigError):
    """What was shown to somebody is not what would be done by now: nothing was done."""


def shown(ws: Workspace, word: Word) -> Outcome:
    """Return what would come of a word; nothing stays."""
    with suppress(_Shown), ws.store.write((PERSONS,)) as db:
        found = _carry_out(db, ws, word)
        raise _Shown
    return found


def say(ws: Workspace, word: Word, mark: str | None = None) -> Outcome:
    """Keep a word and find the persons anew, so that the next runs tell the systems; said again, it changes nothing.

    With the `mark` of what was shown before, it raises `Moved` if other records are concerned by now.
    """
    with ws.store.write((PERSONS,)) as db:
        found = _carry_out(db, ws, word)
        if mark not in (None, found.mark):
            raise Moved(
                f"Whose records {word.a} and {word.b} are has changed since the question was put: it is put anew."
            )
        return found


def _carry_out(db: Connection, ws: Workspace, word: Word) -> Outcome:
    at = ws.clock()
    records = _records(db, ws, (word.a, word.b))
    news = (_withdraw if word.withdrawn else _keep)(db, word, at)
    signed = {one.id: signature(ws, one).text for one in records}
    touched = links.relink(db, ws, PERSONS, records, signed, run=RUN, at=at)
    settle(db, ws, PERSONS, touched, run=RUN, at=at)
    found = contributions(db, sorted(touched))
    persons = {profile: [part.address for part in parts] for profile, parts in found.items()}
    if (
        word.kind == APART
        and not word.withdrawn
        and any({word.a, word.b} <= {*mine} for mine in persons.values())
    ):
        raise ConfigError(
            f"{word.a} and {word.b} stay one person: other records tie them together, by what people said or by creates. "
            "`crossroads explain` lists what was asserted; take that back first."
        )
    kind = "withdraw" if word.withdrawn else word.kind
    body = {"records": [word.a, word.b], "by": word.actor, "why": word.why}
    lines = [journal.Line(kind, profile, body) for profile in sorted(persons)]
    journal.append(db, lines if news else [], run=RUN, at=at)
    return Outcome(persons, [*told(db, ws, PERSONS, found)], made(db, found))


def _records(db: Connection, ws: Workspace, names: Sequence[str]) -> list[dirty.Dirty]:
    found = [
        one
        for one in dirty.at(db, names)
        if one.profile and ws.entities.get((one.connection, one.stream)) == PERSONS
    ]
    if missing := sorted({*names} - {one.address for one in found}):
        raise ConfigError(
            f"No customer's record {' or '.join(missing)} is known: say connection/stream/key, of two records."
        )
    if len(found) < len(names):
        raise ConfigError("Say two different records.")
    return found


def _keep(db: Connection, word: Word, at: str) -> bool:
    rows = table(Assertion)
    a, b = sorted((word.a, word.b))
    query = select(rows.c.kind, rows.c.over, rows.c.actor, rows.c.why)
    former = db.execute(query.where(rows.c.a == a, rows.c.b == b)).first()
    if former and (former.kind, former.actor, former.why) == (word.kind, word.actor, word.why):
        return False
    over = "" if former is None else former.over or (former.kind if former.kind not in (SAME, APART) else "")
    _assertion(db, [(a, b, word.kind, word.why, at, word.actor, over)])
    return True


def _withdraw(db: Connection, word: Word, at: str) -> bool:
    rows = table(Assertion)
    a, b = sorted((word.a, word.b))
    here = and_(rows.c.a == a, rows.c.b == b)
    former = db.execute(select(rows.c.kind, rows.c.over).where(here)).first()
    if former is None or former.kind != word.kind:
        raise ConfigError(f"Nobody said so of {word.a} and {word.b}.")
    if former.over:
        _assertion(db, [(a, b, former.over, word.why, at, "", "")])
    else:
        db.execute(rows.delete().where(here))
    return True
