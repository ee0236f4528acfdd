"""Let a person say that two customers' records are one person's, or are not: first what comes of it, then the word itself.

It outranks every weight and is kept for every later run.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, and_, false, or_, select

from crossroads import journal
from crossroads.canonical import Document
from crossroads.engine import dirty, links, reviews
from crossroads.engine.effects import Effect, effects
from crossroads.engine.persons import PERSONS
from crossroads.engine.settle import contributions, settle
from crossroads.engine.signature import signature
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.store.session import Bulk, table
from crossroads.store.tables import Assertion, Contribution, Due, Profile

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


def shown(ws: Workspace, word: Word) -> Outcome:
    """Return what would come of a word; nothing stays."""
    with suppress(_Shown), ws.store.write((PERSONS,)) as db:
        found = _carry_out(db, ws, word)
        raise _Shown
    return found


def say(ws: Workspace, word: Word) -> Outcome:
    """Keep a word and find the persons anew, so that the next runs tell the systems."""
    with ws.store.write((PERSONS,)) as db:
        return _carry_out(db, ws, word)


def _carry_out(db: Connection, ws: Workspace, word: Word) -> Outcome:
    at = ws.clock()
    records = _records(db, ws, (word.a, word.b))
    (_withdraw if word.withdrawn else _keep)(db, word, at)
    signed = {one.id: signature(ws, one) for one in records}
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
    journal.append(db, [journal.Line(kind, profile, body) for profile in sorted(persons)], run=RUN, at=at)
    golden = _golden(db, persons)
    open_ = reviews.contested(db, ws.survivorship, PERSONS, golden)
    told = [
        one
        for profile, parts in found.items()
        for one in effects(ws, PERSONS, parts, golden.get(profile, {}), open_.get(profile, set()))
    ]
    return Outcome(persons, told, _made(db, persons))


def _records(db: Connection, ws: Workspace, names: Sequence[str]) -> list[dirty.Dirty]:
    rows = table(Contribution)
    places = [name.split("/", 2) for name in names]
    here = [
        and_(rows.c.connection == place[0], rows.c.stream == place[1], rows.c.key == place[2])
        for place in places
        if len(place) == 3 and ws.entities.get((place[0], place[1])) == PERSONS
    ]
    found = [one for one in dirty.read(db, or_(false(), *here)) if one.profile]
    if missing := sorted({*names} - {one.address for one in found}):
        raise ConfigError(
            f"No customer's record {' or '.join(missing)} is known: say connection/stream/key, of two records."
        )
    if len(found) < len(names):
        raise ConfigError("Say two different records.")
    return found


def _keep(db: Connection, word: Word, at: str) -> None:
    rows = table(Assertion)
    a, b = sorted((word.a, word.b))
    former = db.execute(select(rows.c.kind, rows.c.over).where(rows.c.a == a, rows.c.b == b)).first()
    over = "" if former is None else former.over or (former.kind if former.kind not in (SAME, APART) else "")
    _assertion(db, [(a, b, word.kind, word.why, at, word.actor, over)])


def _withdraw(db: Connection, word: Word, at: str) -> None:
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


def _golden(db: Connection, profiles: Iterable[str]) -> dict[str, Document]:
    rows = table(Profile)
    query = select(rows.c.id, rows.c.document).where(rows.c.id.in_(sorted(profiles)))
    return {profile: orjson.loads(document) for profile, document in db.execute(query)}


def _made(db: Connection, persons: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return the streams in which a record of somebody is missing and will be made, with the profile."""
    rows = table(Due)
    due = select(rows.c.connection, rows.c.stream, rows.c.profile).where(rows.c.profile.in_(persons))
    there = {(profile, *name.split("/", 2)[:2]) for profile, names in persons.items() for name in names}
    return sorted(
        (f"{connection}.{stream}", profile)
        for connection, stream, profile in db.execute(due)
        if (profile, connection, stream) not in there
    )
