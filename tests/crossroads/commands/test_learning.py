"""A model is learnt from the store's own customers, and what would change by it is seen on a copy."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import select

from crossroads.commands.identity import learn
from crossroads.engine.learning import difference, learnt
from crossroads.errors import ConfigError
from crossroads.identity.evaluation import evaluated
from crossroads.identity.person import Person
from crossroads.identity.table import read
from crossroads.store.session import table
from crossroads.store.tables import Assertion, Node
from crossroads.testkit.memory import Memory
from sandbox.identity import sets
from sandbox.identity.sets import Known
from sandbox.identity.store import clusters, put

TABLES = ("Node", "Edge", "Block", "Retired", "Assertion", "Link", "Profile", "Entry")


def filled(w: Any, records: Iterable[tuple[str, Person]]) -> Any:
    """Return a world whose register has taken these records in."""
    put(w.store, w.ws.register, [*records])
    return w


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return sets.generated(2_500, 77, tmp_path_factory.mktemp("people"))


@pytest.fixture
def many(world: Callable[..., Any], known: Known) -> Any:
    return filled(world(erp=Memory(), crm=Memory()), read(known.file, known.fields))


@pytest.mark.both_stores
def test_own_customers_teach_more_than_made_up_ones_and_nothing_is_changed(many: Any, known: Known) -> None:
    before = {name: many.rows(name) for name in TABLES}
    model = learnt(many.ws)
    found = difference(many.ws, model)
    assert {name: many.rows(name) for name in TABLES} == before

    shipped = evaluated(clusters(many.store), known.truth)
    assert (found.records, found.before) == (2_500, len({*clusters(many.store).values()}))
    assert found.after < found.before
    truth = known.truth
    right = [people for people in found.joined if len({truth[name] for part in people for name in part}) == 1]
    assert len(right) >= 0.95 * len(found.joined) >= 50
    assert shipped.recall < 0.7, "there was something to be learnt"


@pytest.mark.both_stores
def test_by_the_model_in_use_nobody_changes_also_who_was_made_for_others(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", given="Ann", family="Lee", mail="ann@lee.example")
    w.systems["crm"].put("people", "1", given="Tom", family="Berg", mail="tom@berg.example")
    w.sync()
    found = difference(w.ws, w.ws.model)
    assert (found.records, found.before, found.after, found.joined, found.parted) == (4, 2, 2, [], [])


def test_what_people_said_holds_by_every_model(many: Any) -> None:
    model = learnt(many.ws)
    (a, *_), (b, *_) = difference(many.ws, model).joined[0]
    names = [row["address"] for row in many.rows("Node")]
    first, last = min(names), max(names)
    told = [(a, b, "cannot"), (first, last, "must")]
    with many.store.write(("customer",)) as db:
        for one, other, kind in told:
            said = {"a": min(one, other), "b": max(one, other), "kind": kind}
            db.execute(table(Assertion).insert().values(**said, why="asked", at="2026-01-01T00:00:00Z"))
        node = table(Node)
        seeds = db.execute(select(node.c.number).where(node.c.address.in_([first, last]))).scalars().all()
        many.ws.register.settle(db, seeds)
    again = difference(many.ws, model)
    assert not any({a, b} <= {name for part in people for name in part} for people in again.joined)
    assert not any({first, last} & {name for part in people for name in part} for people in again.parted)


def test_of_few_records_nothing_is_learnt_and_the_command_says_so(
    world: Callable[..., Any], at_home: Callable[[Any], Any], known: Known, tmp_path: Path, capsys: Any
) -> None:
    w = at_home(filled(world(erp=Memory(), crm=Memory()), list(read(known.file, known.fields))[:900]))
    with pytest.raises(ConfigError, match="900 customers' records; of fewer than 1,000"):
        learnt(w.ws)
    with pytest.raises(typer.Exit):
        learn(tmp_path / "model.json")
    assert "of fewer than 1,000 nothing reliable is learnt" in capsys.readouterr().out
    assert not (tmp_path / "model.json").exists()
