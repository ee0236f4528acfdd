"""Everybody compared at once and taken over leaves what they leave who come one by one."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from crossroads.errors import ConfigError
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.online import Register
from crossroads.identity.online.everybody import by_number, everybody
from crossroads.identity.online.loading import load
from crossroads.identity.online.together import Word, likely, persons, words
from crossroads.identity.person import Person, Said
from crossroads.identity.population import Population
from crossroads.identity.train import train
from crossroads.store.session import table
from crossroads.store.tables import Assertion, Block, Edge, Node, Retired
from sandbox.identity.odd import odd
from sandbox.identity.people import people

pytestmark = pytest.mark.both_stores
PLACEHOLDER, KNOWN = "+4915100000000", "+4915199999999"
JUNK = (KNOWN[-8:], "1980-01-01", "guest client", "market sq 1 10115", "mill st 2 ")


def record(place: int, one: Person) -> Person:
    """Return a person, of whom some say the number of a placeholder, and some what the model knows as such."""
    if place % 10 == 0:
        return one._replace(phone=PLACEHOLDER)
    if place % 10 == 1:
        return one._replace(
            birth_date="1980-01-01", **({"given": "guest", "family": "client"} if place % 3 else {})
        )
    if place % 40 == 2:
        return one._replace(street="market sq", house="1", postcode="10115")
    if place % 40 == 3:
        return one._replace(street="mill st", house="2", postcode=None)
    return one._replace(phone=KNOWN) if place in (4, 5) else one


PEOPLE = {f"crm/people/{place:04}": (record(place, one),) for place, one in enumerate(people(400, seed=5)[0])}
RECORDS: dict[str, Said] = PEOPLE | dict(odd())
WORDS: Sequence[Word] = [
    ("a/s/key0", "crm/people/0001", "must"),
    ("crm/people/0004", "crm/people/0005", "must"),
    ("a/s/couple1", "a/s/couple2", "cannot"),
    ("a/s/firm0", "nobody/knows/this", "must"),
]


@pytest.fixture(scope="module")
def model() -> Model:
    with Population((), nicknames()) as population:
        population.add((name, said[0]) for name, said in PEOPLE.items())
        population.close()
        # Not as many may carry a loose key as may a tight one, as it is in a large population.
        return train(population, sample=20_000).model_copy(update={"loose": 8, "junk": JUNK})


def state(w: Any) -> tuple[Any, ...]:
    """Return all that the register holds, by addresses, and the bits of its pairs."""
    with w.store.read() as db:
        rows = db.execute(select(table(Node))).all()
        named = {row.number: row.address for row in rows} | {0: ""}
        nodes = sorted((row.address, row.person, row.hidden, named[row.cluster]) for row in rows)
        keys = sorted((key, named[node]) for key, node in db.execute(select(table(Block))))
        pairs = sorted(
            (*sorted((named[a], named[b])), bits) for a, b, bits in db.execute(select(table(Edge)))
        )
        retired = sorted(db.execute(select(table(Retired))).scalars())
        return nodes, keys, retired, [pair[:2] for pair in pairs], [pair[2] for pair in pairs]


def put(w: Any, model: Model, names: Sequence[str], size: int = 100) -> None:
    register = Register(model)
    for start in range(0, len(names), size):
        with w.store.write(("customer",)) as db:
            register.put(db, {name: RECORDS[name] for name in names[start : start + size]})


def told(w: Any, said: Iterable[Word] = WORDS) -> None:
    with w.store.write(("customer",)) as db:
        for a, b, kind in said:
            values = {"a": a, "b": b, "kind": kind, "why": "asked", "at": "2026-01-01T00:00:00Z"}
            db.execute(table(Assertion).insert().values(**values))


def at_once(w: Any, model: Model, names: Iterable[str]) -> None:
    with crowd(model, names) as people:
        found = likely(people, model)
        with w.store.write(("customer",)) as db:
            load(db, people, found.pairs, persons(people, model, found.pairs, words(db)))


def crowd(model: Model, names: Iterable[str]) -> AbstractContextManager[Population]:
    return everybody(((name, RECORDS[name]) for name in names), model.nicknames, model)


@pytest.fixture
def worlds(world: Any, tmp_path: Any) -> tuple[Any, Any]:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return world.make_in(tmp_path / "one", []), world.make_in(tmp_path / "other", [])


def test_at_once_and_one_by_one_are_the_same_whatever_the_order(
    worlds: tuple[Any, Any], model: Model
) -> None:
    one, other = worlds
    names = Random(3).sample(sorted(RECORDS), len(RECORDS))
    for w in worlds:
        told(w)
    put(one, model, names)
    at_once(other, model, reversed(names))
    assert state(one) == state(other), "to the last figure of each weight"
    nodes, _, retired, pairs, _ = state(other)
    assert len(pairs) >= 100
    assert retired
    assert len({first for *_, first in nodes}) >= 50
    # E-mail, telephone, key, birthday, name, address: a bit each, and six more for what stands second.
    assert {hidden for _, _, hidden, _ in nodes} >= {2, 5, 8, 24, 32, 320}


def test_who_comes_afterwards_is_found_as_ever(worlds: tuple[Any, Any], model: Model) -> None:
    one, other = worlds
    names = sorted(RECORDS)
    early, late = names[::2], names[1::2]
    put(one, model, names)
    at_once(other, model, early)
    put(other, model, late)
    assert state(one) == state(other), "to the last figure of each weight"


def test_nobody_is_loaded_into_a_store_that_knows_somebody(world: Any, model: Model) -> None:
    w = world([])
    put(w, model, ["crm/people/0000"])
    before = state(w)
    with pytest.raises(ConfigError, match="empty"):
        at_once(w, model, RECORDS)
    assert state(w) == before


def test_nobody_at_all_is_nobody(world: Any, model: Model) -> None:
    w = world([])
    at_once(w, model, [])
    at_once(w, model, ["crm/people/0001"])
    assert len(w.rows("Node")) == 1


def test_a_record_is_weighed_without_what_is_nobodys_own(model: Model) -> None:
    with crowd(model, RECORDS) as people:
        place = {name: at for at, name in enumerate(people.ids(), 1)}
        found = by_number(people, [place["a/s/former"], place["crm/people/0004"]])
    (former, known) = (found[place[name]] for name in ("a/s/former", "crm/people/0004"))
    assert former.weighed == (Person("kim", "sato", "roy"), Person("kim", "sato"))
    assert known.weighed[0].phone is None
