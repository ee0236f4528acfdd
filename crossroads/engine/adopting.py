"""Take a model into use: compare everybody anew by it, and link again whoever is somebody else by that.

All in one transaction, for bits of two models cannot be compared: either everybody is known by the new one, or nobody is.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Select, case, func, select

from crossroads import journal
from crossroads.engine import dirty, links
from crossroads.engine.effects import made, told
from crossroads.engine.parts import contributions
from crossroads.engine.persons import PERSONS
from crossroads.engine.settle import settle
from crossroads.engine.signature import signature
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.identity.evaluation import torn
from crossroads.identity.model import Model
from crossroads.identity.online import models, nodes
from crossroads.store.copy import copied
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Link, Node

RUN = "adoption"  # what stands where others name the run
CHUNK = 1_000

Tell = Callable[[int, int], None]


def _untold(done: int, of: int) -> None:
    """Show nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """Who is whom by another model: how many people by the former and by this one, and the records of those who change.

    `largest` is how many records the person of most has, by the former and by this one. `joined` are people made of several by
    this one, `parted` those it takes apart: each is the records of its parts. `told` counts the records that will be told another
    value, by stream and field; `made` those that will be made, by stream.
    """

    records: int
    before: int
    after: int
    largest: tuple[int, int]
    joined: Sequence[Sequence[Sequence[str]]] = field(repr=False)
    parted: Sequence[Sequence[Sequence[str]]] = field(repr=False)
    told: Mapping[tuple[str, str], int]
    made: Mapping[str, int]


def shown(ws: Workspace, model: Model, tell: Tell = _untold) -> Adopted:
    """Return what would come of a model, found on a copy of the store with all that people asserted; nothing is changed."""
    with copied(ws.store) as copy:
        return adopt(replace(ws, store=copy), model, actor="", why="", tell=tell)


def adopt(ws: Workspace, model: Model, *, actor: str, why: str, tell: Tell = _untold) -> Adopted:
    """Know everybody by a model from now on, so that the next runs tell the systems; by the one in use, nobody changes."""
    at = ws.clock()
    with ws.store.write((PERSONS,)) as db:
        before = nodes.whose(db)
        _refuse(model, nodes.speaking(db))
        models.keep(db, model, actor=actor, why=why, at=at)
        ws.register(db).anew(db, lambda done: tell(done, 2 * len(before)))
        after = nodes.whose(db)
        joined, parted = torn(after, before), torn(before, after)
        body = {"by": actor, "why": why, "joined": len(joined), "parted": len(parted)}
        journal.append(db, [journal.Line("adopt", model.version, body)], run=RUN, at=at)
        touched = _linked_again(db, ws, at, lambda done: tell(len(before) + done, 2 * len(before)))
        settle(db, ws, PERSONS, touched, run=RUN, at=at)
        fields, creates = _coming(db, ws, sorted(touched))
    sizes = Counter(before.values()), Counter(after.values())
    largest = (max(sizes[0].values(), default=0), max(sizes[1].values(), default=0))
    return Adopted(len(before), len(sizes[0]), len(sizes[1]), largest, joined, parted, fields, creates)


def _linked_again(db: Connection, ws: Workspace, at: str, tell: Callable[[int], None]) -> set[str]:
    """Link everybody as the register has them now; return the profiles of those who are somebody else by that."""
    touched: set[str] = set()
    for together in _several(strangers(db), CHUNK):
        touched |= _linked(db, ws, together, at)
    # Whoever stays who they are is so for other reasons now.
    everybody = list(db.execute(_whose().with_only_columns(table(Contribution).c.id)).scalars())
    for place, some in enumerate(chunks(everybody, CHUNK)):
        _linked(db, ws, some, at)
        tell(place * CHUNK + len(some))
    return touched


def _coming(
    db: Connection, ws: Workspace, profiles: Sequence[str]
) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """Count the records that will be told another value, by stream and field, and those that will be made, by stream."""
    fields, creates = Counter[tuple[str, str]](), Counter[str]()
    for some in chunks(profiles, CHUNK):
        found = contributions(db, some)
        for one in told(db, ws, PERSONS, found):
            connection, stream, _ = one.record.split("/", 2)
            fields[f"{connection}.{stream}", one.path] += 1
        creates.update(stream for stream, _ in made(db, found))
    return fields, creates


def _refuse(model: Model, records: int) -> None:
    if model.others:
        raise ConfigError(
            f"The model was learnt of a file with {', '.join(model.others)}, of which nothing is known of customers."
        )
    if not models.fits(model, records):
        raise ConfigError(
            f"The model is for {model.records:,} records and the store has {records:,}, and how sure is sure enough follows "
            "from that: learn one of the customers as they are now, by `crossroads identity learn`."
        )


def _whose() -> Select[tuple[str, str, int]]:
    """Select the records that are linked: the contribution, its profile, and its person by the register."""
    rows, link, node = table(Contribution), table(Link), table(Node)
    address = rows.c.connection + "/" + rows.c.stream + "/" + rows.c.key
    person = case((node.c.cluster == 0, node.c.number), else_=node.c.cluster)
    return (
        select(rows.c.id, link.c.profile, person.label("person"))
        .join(link, link.c.contribution == rows.c.id)
        .join(node, node.c.address == address)
        .order_by(rows.c.id)
    )


def strangers(db: Connection) -> list[tuple[str, str, int]]:
    """Return the records of all profiles and persons that are not one and the same: contribution, profile, person."""
    own = _whose().order_by(None).cte("own")
    profile, person = own.c.profile, own.c.person
    parted = select(profile).group_by(profile).having(func.count(person.distinct()) > 1)
    joined = select(person).group_by(person).having(func.count(profile.distinct()) > 1)
    query = select(own).where(profile.in_(parted) | person.in_(joined)).order_by(own.c.id)
    return [(identity, mine, whose) for identity, mine, whose in db.execute(query)]


def _several(rows: Sequence[tuple[str, str, int]], size: int) -> Iterator[list[str]]:
    """Yield contributions so many at a time, none without all others that share a profile or a person with one of them.

    Which of its parts goes on under a profile's id is only seen where all of them are.
    """
    sharing = defaultdict[str | int, list[tuple[str, str, int]]](list)
    for row in rows:
        sharing[row[1]].append(row)
        sharing[row[2]].append(row)
    seen, some = set[str | int](), list[str]()
    for first in rows:
        frontier: list[str | int] = [first[1]]
        while frontier:
            name = frontier.pop()
            if name in seen:
                continue
            seen.add(name)
            frontier += [end for _, profile, person in sharing[name] for end in (profile, person)]
            # Each is seen by its profile and by its person; it is named once.
            some += [identity for identity, profile, _ in sharing[name] if profile == name]
        if len(some) >= size:
            yield some
            some = []
    if some:
        yield some


def _linked(db: Connection, ws: Workspace, some: Sequence[str], at: str) -> set[str]:
    """Link contributions again, as they were when they were last matched; return the profiles touched."""
    found = dirty.read(db, table(Contribution).c.id.in_(some))
    return links.relink(
        db,
        ws,
        PERSONS,
        found,
        {one.id: one.signature or signature(ws, one).text for one in found},
        run=RUN,
        at=at,
    )
