"""The register of persons in the store: a function of records, model and assertions, whatever came and went before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from crossroads.identity.blocking import LIMIT
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.online import Register
from crossroads.identity.person import Person
from crossroads.identity.population import Population
from crossroads.identity.resolve import resolved
from crossroads.identity.train import train
from crossroads.store.session import table
from crossroads.store.tables import Assertion, Block, Edge, Node, Retired
from sandbox.identity.people import people

pytestmark = pytest.mark.both_stores
AT = "2026-01-01T00:00:00.000000Z"
FEW = 8
PLACEHOLDER = "+4915100000000"
RECORDS = {
    f"crm/people/{place:04}": one if place % 10 else one._replace(phone=PLACEHOLDER)
    for place, one in enumerate(people(400, seed=5)[0])
}


@pytest.fixture(scope="module")
def model() -> Model:
    with Population((), nicknames()) as population:
        population.add(RECORDS.items())
        population.close()
        # Not as many may carry a loose key as may a tight one, as it is in a large population; and nobody knows the placeholder.
        return train(population, sample=20_000).model_copy(update={"loose": FEW, "junk": ()})


def state(w: Any) -> tuple[Any, ...]:
    """Return all that the register holds, by addresses, for numbers are given in order of arrival."""
    with w.store.read() as db:
        rows = db.execute(select(table(Node))).all()
        named = {row.number: row.address for row in rows}
        persons = sorted(
            (row.address, row.person, row.hidden, named[row.cluster] if row.cluster else "") for row in rows
        )
        edges = sorted(
            (*sorted((named[a], named[b])), bits) for a, b, bits in db.execute(select(table(Edge)))
        )
        return persons, edges, sorted(db.execute(select(table(Retired))).scalars())


def put(w: Any, register: Register, records: Mapping[str, Person | None], batch: int = 1000) -> None:
    names = list(records)
    for start in range(0, len(names), batch):
        with w.store.write(("customer",)) as db:
            register.put(
                db, {name: one and (one,) for name in names[start : start + batch] for one in [records[name]]}
            )


def claim(w: Any, a: str, b: str, kind: str, register: Register | None = None) -> None:
    with w.store.write(("customer",)) as db:
        db.execute(table(Assertion).insert().values(a=a, b=b, kind=kind, why="a test", at=AT))
        if register:
            register.settle(
                db, [row.number for row in db.execute(select(table(Node))) if row.address in (a, b)]
            )


def forget(w: Any, tables: Sequence[type[SQLModel]]) -> None:
    with w.store.write() as db:
        for one in tables:
            db.execute(table(one).delete())


def clusters(w: Any) -> dict[str, str]:
    return {address: first or address for address, _, _, first in state(w)[0]}


def persons(w: Any) -> set[str]:
    """Return the records of each person."""
    found: dict[str, list[str]] = {}
    for name, first in clusters(w).items():
        found.setdefault(first, []).append(name)
    return {" ".join(names) for names in found.values()}


def test_one_by_one_and_in_a_batch_people_are_the_same(world: Any, model: Model) -> None:
    w, register = world(), Register(model)
    put(w, register, RECORDS)
    with Population((), nicknames()) as population:
        population.add(RECORDS.items())
        population.close(model)
        names, found = list(population.ids()), resolved(population, model)
    assert clusters(w) == {name: names[first] for name, first in zip(names, found.clusters, strict=True)}
    assert len(set(clusters(w).values())) < len(RECORDS)


@pytest.mark.parametrize("lost", [(), (Block, Retired)])
def test_by_another_model_all_are_as_if_it_had_been_the_first(
    world: Any, model: Model, lost: Sequence[type[SQLModel]]
) -> None:
    """Also right after a release that makes other keys."""
    w, heard = world(), []
    put(w, Register(model), RECORDS)
    former = state(w)
    forget(w, lost)
    common = Counter(one.email for one in RECORDS.values() if one.email).most_common(1)[0][0]
    other = Model.shipped().of_size(10**9).model_copy(update={"loose": LIMIT, "junk": (common,)})
    with w.store.write(("customer",)) as db:
        Register(other).anew(db, heard.append)
    assert heard == [len(RECORDS)]
    found = state(w)
    forget(w, (Node, Block, Edge, Retired))
    put(w, Register(other), RECORDS, batch=70)
    assert state(w) == found != former


def test_a_release_that_makes_other_keys_changes_nobody(world: Any, model: Model) -> None:
    w, register, late = world(), Register(model), dict(list(RECORDS.items())[::9])
    put(w, register, {name: one for name, one in RECORDS.items() if name not in late})
    forget(w, (Block, Retired))
    with w.store.write(("customer",)) as db:
        register.rekey(db)
    put(w, register, late)
    other = world()
    put(other, register, RECORDS)
    assert state(w) == state(other)


def test_some_keys_are_carried_by_too_many(world: Any, model: Model) -> None:
    w = world()
    put(w, Register(model), RECORDS)
    assert state(w)[2], "or the following tests would show nothing of it"


@pytest.mark.parametrize("seed", range(6))
def test_the_order_in_which_records_come_and_go_plays_no_part(world: Any, model: Model, seed: int) -> None:
    w, random, register = world(), Random(seed), Register(model)
    must, cannot = (tuple(sorted(random.sample(list(RECORDS), 2))) for _ in range(2))
    claim(w, *must, "must")
    put(w, register, RECORDS)
    claim(w, *cannot, "cannot", register)
    plain = state(w)
    forget(w, (Node, Block, Edge, Retired))
    wrong = people(100, seed=seed + 90)[0]
    before = dict(zip(random.sample(list(RECORDS), 100), wrong, strict=True))
    strangers = {
        f"crm/people/x{place}": one._replace(email="info@x.example") for place, one in enumerate(wrong)
    }
    put(w, register, before | strangers, batch=random.choice((1, 7, 60)))
    rest = [*RECORDS.items(), *dict.fromkeys(strangers).items()]
    random.shuffle(rest)
    put(w, register, dict(rest), batch=random.choice((1, 9, 80)))
    assert state(w) == plain


def test_a_record_that_comes_and_goes_leaves_nothing_behind(world: Any, model: Model) -> None:
    w, random, register = world(), Random(3), Register(model)
    put(w, register, RECORDS)
    before = state(w)
    for name in random.sample(list(RECORDS), 20):
        put(w, register, {name: None})
        assert state(w) != before
        put(w, register, {name: RECORDS[name]})
        assert state(w) == before


def test_an_address_that_many_share_says_nothing_until_they_are_few(world: Any, model: Model) -> None:
    w, register = world(), Register(model)
    ana = Person(given="ana", family="berski", email="info@firm.example", phone="+4915112345678")
    many: dict[str, Person | None] = {
        f"crm/people/{place}": ana._replace(given=given, family=f"{family}{place}", phone=None)
        for place, (given, family) in enumerate([("ben", "kolton"), ("carla", "marez")] * (LIMIT // 2))
    }
    two: dict[str, Person | None] = {
        "erp/people/1": ana,
        "shop/people/2": ana._replace(birth_date="1970-03-01"),
    }
    put(w, register, two)
    with w.store.read() as db:
        alone = register.explain(db, *two)
    put(w, register, many)
    with w.store.read() as db:
        assert {row.field for row in alone} - {row.field for row in register.explain(db, *two)} == {"email"}
    put(w, register, dict.fromkeys(list(many)[:5]), batch=1)
    with w.store.read() as db:
        assert register.explain(db, *two) == alone


def test_what_people_say_outranks_what_speaks_against_it(world: Any, model: Model) -> None:
    w, register = world(), Register(model)
    ana, ben = (
        Person(given="ana", family="berski", birth_date="1970-03-01"),
        Person(given="ben", family="kolton"),
    )
    ben = ben._replace(birth_date="1985-11-20")
    put(w, register, {"erp/people/1": ana, "shop/people/2": ana, "crm/people/3": ben, "erp/people/4": ben})
    assert persons(w) == {"erp/people/1 shop/people/2", "crm/people/3 erp/people/4"}
    claim(w, "erp/people/1", "shop/people/2", "cannot", register)
    assert persons(w) == {"erp/people/1", "shop/people/2", "crm/people/3 erp/people/4"}
    claim(w, "crm/people/3", "shop/people/2", "must", register)
    apart = {"erp/people/1", "crm/people/3 erp/people/4 shop/people/2"}
    assert persons(w) == apart
    put(w, register, {"chat/people/5": Person(given="zoe", family="marez", birth_date="1999-01-31")})
    claim(w, "chat/people/5", "shop/people/2", "must", register)
    assert persons(w) == {"erp/people/1", "chat/people/5 crm/people/3 erp/people/4 shop/people/2"}
    put(w, register, {"chat/people/5": None, "erp/people/1": ana._replace(phone="+4915112345678")})
    assert persons(w) == apart, "a later word of the records changes nothing of it"
    put(w, register, {"crm/people/3": None})
    assert persons(w) == {"erp/people/1", "erp/people/4", "shop/people/2"}
    put(w, register, {"erp/people/4": None, "crm/people/3": ben})
    assert persons(w) == {"erp/people/1", "crm/people/3 shop/people/2"}
    put(w, register, {"crm/people/3": None})
    assert persons(w) == {"erp/people/1", "shop/people/2"}


@pytest.mark.parametrize(
    ("shared", "most"),
    [(Person(given="ana", family="berski"), LIMIT), (Person(birth_date="1970-03-01"), FEW)],
    ids=["one tight key", "one loose key"],
)
def test_two_whom_one_key_brings_together_are_one_as_long_as_few_carry_it(
    world: Any, model: Model, shared: Person, most: int
) -> None:
    w, register = world(), Register(model)
    two: dict[str, Person | None] = {
        "erp/people/1": shared._replace(phone="+4915112345678"),
        "shop/people/2": shared._replace(phone="+4915112345679"),
    }
    others: dict[str, Person | None] = {f"crm/people/{place}": shared for place in range(most - 1)}
    put(w, register, two)
    put(w, register, dict(list(others.items())[:-1]))
    few = state(w)
    assert "erp/people/1 shop/people/2" in persons(w)
    put(w, register, others)
    assert state(w)[1] == []
    for house in ("7", None):
        put(w, register, {"erp/people/1": shared._replace(phone="+4915112345678", house=house)})
        assert state(w)[1] == []
    assert "erp/people/1" in persons(w)
    put(w, register, dict.fromkeys(list(others)[-1:]))
    assert state(w) == few


def test_every_pair_is_explained_by_rows_that_sum_to_its_weight(world: Any, model: Model) -> None:
    w, register = world(), Register(model)
    put(w, register, RECORDS)
    edges = state(w)[1]
    assert edges
    with w.store.read() as db:
        for a, b, bits in edges:
            assert sum(row.bits for row in register.explain(db, a, b)) == pytest.approx(bits, abs=1e-6)


def test_what_says_the_same_again_changes_nothing(world: Any, model: Model) -> None:
    w, register = world(), Register(model)
    put(w, register, RECORDS)
    before = state(w)
    with w.store.write(("customer",)) as db:
        groups = register.put(db, {name: (one,) for name, one in RECORDS.items()})
    assert state(w) == before
    assert {" ".join(sorted(group.addresses)) for group in groups} == persons(w)
