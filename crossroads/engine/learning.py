"""Learn who is who from the store's own customers, and see whose records would be whose by that; the store stays as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from crossroads.engine.persons import PERSONS
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.online import Register
from crossroads.identity.online.loading import adopted
from crossroads.identity.online.nodes import whose
from crossroads.identity.person import Said
from crossroads.identity.population import Population
from crossroads.identity.resolve import resolved
from crossroads.identity.said import read
from crossroads.identity.train import train
from crossroads.store import Store
from crossroads.store.copy import copied
from crossroads.store.session import Delete, table
from crossroads.store.tables import Block, Edge, Node, Retired

FEWEST = 1_000
"""Of fewer records nothing reliable was ever seen learnt."""

CHUNK = 1_000
_gone = Delete(Node, ("address",))


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would be whom: how many people by the model in use and by another, and the records of those who would change.

    `joined` are people made of several by the other model, `parted` those it takes apart: each is the records of its parts.
    """

    records: int
    before: int
    after: int
    joined: Sequence[Sequence[Sequence[str]]] = field(repr=False)
    parted: Sequence[Sequence[Sequence[str]]] = field(repr=False)


def learnt(ws: Workspace) -> Model:
    """Return the model of the store's customers, of their number and with the threshold that follows from it."""
    with Population((), nicknames()) as people:
        # A record that we made says nothing of its own, and teaches nothing.
        people.add(
            (name, said[0])
            for some in _said(ws.store)
            for name, said in some.items()
            if said and any(said[0])
        )
        people.close()
        if people.count < FEWEST:
            raise ConfigError(
                f"The store has {people.count:,} customers' records; of fewer than {FEWEST:,} nothing reliable is learnt. "
                "Until then the model that is shipped is the better one."
            )
        model = train(people)
        if problems := model.problems():
            raise ConfigError(f"Nothing to rely on was learnt: {'; '.join(problems)}.")
        return adopted(model, resolved(people, model))


def difference(ws: Workspace, model: Model) -> Difference:
    """Return whose records would be whose by a model, found on a copy of the store with all that people asserted."""
    with copied(ws.store) as copy:
        before = _persons(copy)
        with copy.write((PERSONS,)) as db:
            for rows in (Edge, Block, Retired):
                db.execute(table(rows).delete())
        register = Register(model)
        for some in _said(copy):
            with copy.write((PERSONS,)) as db:
                _gone(db, [(name,) for name in some])
                register.put(db, some)
        after = _persons(copy)
    return Difference(
        len(before),
        len({*before.values()}),
        len({*after.values()}),
        _torn(after, before),
        _torn(before, after),
    )


def _torn(whole: Mapping[str, int], parts: Mapping[str, int]) -> list[list[list[str]]]:
    """Return the records of those who are one by one account and several by another, part by part."""
    found: dict[int, dict[int, list[str]]] = {}
    for address, person in sorted(whole.items()):
        found.setdefault(person, {}).setdefault(parts[address], []).append(address)
    return [[*mine.values()] for mine in found.values() if len(mine) > 1]


def _persons(store: Store) -> dict[str, int]:
    with store.read() as db:
        return whose(db)


def _said(store: Store) -> Iterator[dict[str, Said]]:
    """Yield what the records say by their addresses, some at a time, of those that are there at the beginning."""
    rows = table(Node)
    with store.read() as db:
        after, last = 0, db.execute(select(func.max(rows.c.number))).scalar() or 0
    query = select(rows.c.number, rows.c.address, rows.c.person).order_by(rows.c.number).limit(CHUNK)
    while after < last:
        with store.read() as db:
            some = db.execute(query.where(rows.c.number > after, rows.c.number <= last)).all()
        after = some[-1][0] if some else last
        yield {address: read(text) for _, address, text in some}
