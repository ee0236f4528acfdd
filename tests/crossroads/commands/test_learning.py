"""A model is learnt from the store's own customers, seen on a copy, and taken into use."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import select

from crossroads.cli import status
from crossroads.commands.models import adopt, learn, models
from crossroads.engine import adopting
from crossroads.engine.adopting import shown
from crossroads.engine.auditing import audit
from crossroads.engine.learning import learnt
from crossroads.errors import ConfigError
from crossroads.identity.evaluation import evaluated
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.online.models import keep
from crossroads.identity.online.nodes import BITS
from crossroads.identity.person import Person
from crossroads.identity.population import Population
from crossroads.identity.resolve import resolved
from crossroads.identity.table import read
from crossroads.identity.threshold import CAREFUL
from crossroads.store.session import table
from crossroads.store.tables import Assertion, Node
from crossroads.testkit.memory import Memory
from sandbox.identity import sets
from sandbox.identity.sets import Known
from sandbox.identity.store import clusters, put

TABLES = ("Node", "Edge", "Block", "Retired", "Assertion", "Link", "Profile", "Entry")


def filled(w: Any, records: Iterable[tuple[str, Person]]) -> Any:
    """Return a world whose register has taken these records in."""
    with w.store.read() as db:
        put(w.store, w.ws.register(db), [*records])
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
    assert model.threshold >= CAREFUL, "a merge is told to every system, what is less likely put to a steward"
    found = shown(many.ws, model)
    assert {name: many.rows(name) for name in TABLES} == before

    shipped = evaluated(clusters(many.store), known.truth)
    assert (found.records, found.before) == (2_500, len({*clusters(many.store).values()}))
    assert found.after < found.before
    truth = known.truth
    right = [people for people in found.joined if len({truth[name] for part in people for name in part}) == 1]
    assert len(right) >= 0.95 * len(found.joined) >= 50
    assert shipped.recall < 0.7, "there was something to be learnt"


def test_firms_teach_nothing_of_people(many: Any) -> None:
    before = learnt(many.ws)
    firm = Person(legal="lee gmbh", email="info@lee.example", street="weg", house="1", city="bonn")
    filled(many, [(f"erp/people/firm{number}", firm) for number in range(5)])
    assert learnt(many.ws) == before


@pytest.mark.both_stores
def test_a_birthday_written_where_none_is_known_is_learnt_and_counts_for_nothing(
    world: Callable[..., Any], known: Known
) -> None:
    w = filled(
        world(erp=Memory(), crm=Memory()),
        (
            (name, one if place % 5 else one._replace(birth_date="1980-01-01"))
            for place, (name, one) in enumerate(read(known.file, known.fields))
        ),
    )
    model = learnt(w.ws)
    assert "1980-01-01" in model.junk
    adopting.adopt(w.ws, model, actor="Kim", why="learnt of ours")
    hidden = [row for row in w.rows("Node") if row["hidden"] & BITS["birth_date"]]
    assert len(hidden) == 500
    assert {"1980-01-01" in row["person"] for row in hidden} == {True}
    assert evaluated(clusters(w.store), known.truth).recall > 0.7
    found = audit(w.ws).found
    assert (found.pairs, found.joined, found.parted) == ([], [], [])


@pytest.mark.both_stores
def test_by_the_model_in_use_nobody_changes_also_who_was_made_for_others(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", given="Ann", family="Lee", mail="ann@lee.example")
    w.systems["crm"].put("people", "1", given="Tom", family="Berg", mail="tom@berg.example")
    w.sync()
    found = shown(w.ws, w.ws.model)
    assert (found.records, found.before, found.after, found.joined, found.parted) == (4, 2, 2, [], [])


def test_what_people_said_holds_by_every_model(many: Any) -> None:
    model = learnt(many.ws)
    (a, *_), (b, *_) = shown(many.ws, model).joined[0]
    names = [row["address"] for row in many.rows("Node")]
    first, last = min(names), max(names)
    told = [(a, b, "cannot"), (first, last, "must")]
    with many.store.write(("customer",)) as db:
        for one, other, kind in told:
            said = {"a": min(one, other), "b": max(one, other), "kind": kind}
            db.execute(table(Assertion).insert().values(**said, why="asked", at="2026-01-01T00:00:00Z"))
        node = table(Node)
        seeds = db.execute(select(node.c.number).where(node.c.address.in_([first, last]))).scalars().all()
        many.ws.register(db).settle(db, seeds)
    again = shown(many.ws, model)
    assert not any({a, b} <= {name for part in people for name in part} for people in again.joined)
    assert not any({first, last} & {name for part in people for name in part} for people in again.parted)


def test_what_people_answered_of_doubtful_pairs_counts_in_what_is_learnt(many: Any, known: Known) -> None:
    blind = learnt(many.ws)
    with Population(known.fields.others, nicknames()) as people:
        people.add(read(known.file, known.fields))
        people.close()
        ids, likely = list(people.ids()), resolved(people, blind).likely
    doubtful = sorted(pair for pair, bits in likely.items() if bits < blind.threshold)
    assert len(doubtful) >= 10
    with many.store.write(("customer",)) as db:
        for place, (a, b) in enumerate(doubtful):
            said = {"a": ids[a], "b": ids[b], "kind": "cannot" if place else "created"}
            db.execute(table(Assertion).insert().values(**said, why="asked", at="2026-01-01T00:00:00Z"))
    found = learnt(many.ws)
    assert blind.about == "learnt of 2,500 records, and of 0 answers of people"
    assert found.about == f"learnt of 2,500 records, and of {len(doubtful) - 1} answers of people"
    assert found.threshold > blind.threshold


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


def test_what_was_learnt_is_shown_taken_into_use_and_listed(
    many: Any, at_home: Callable[[Any], Any], tmp_path: Path, capsys: Any
) -> None:
    at_home(many)
    file = tmp_path / "model.json"
    learn(file, limit=1)
    told = capsys.readouterr().out
    assert told.count("joined ") == 1
    assert f"crossroads identity adopt {file} --by NAME --why REASON --yes" in told.replace("\n", "")
    models()
    assert "No customers were compared yet." in capsys.readouterr().out

    adopt(str(file), "Kim", "learnt of ours", limit=0)
    shown_first = capsys.readouterr().out
    assert "Nothing is changed yet: say --yes." in shown_first
    assert many.rows("AdoptedModel") == []

    adopt(str(file), "Kim", "learnt of ours", yes=True, limit=0)
    assert capsys.readouterr().out.splitlines()[:-1] == shown_first.splitlines()[:-1]
    models()
    told = capsys.readouterr().out
    assert all(word in told for word in (Model.load(file).version, "Kim", "learnt of ours"))
    adopt(Model.load(file).version, "Kim", "again", yes=True)
    assert "0 of them are made of several, 0 are taken apart" in capsys.readouterr().out.replace("\n", " ")
    with pytest.raises(typer.Exit):
        adopt("none.json", "Kim", "")
    assert "No model none.json was ever in use here" in capsys.readouterr().out


def test_the_state_of_things_says_that_own_customers_could_teach_more(
    many: Any, at_home: Callable[[Any], Any], capsys: Any
) -> None:
    at_home(many)
    with many.store.write() as db:
        keep(db, Model.shipped(), actor="", why="what this store began with", at="2026-01-01T00:00:00Z")
    with pytest.raises(typer.Exit):
        status()
    told = " ".join(capsys.readouterr().out.split())
    assert "the 2,500 records they have can teach a better one: `crossroads identity learn`" in told


def test_a_model_of_another_release_is_refused_by_name(many: Any) -> None:
    shipped = Model.shipped()
    born = {kind: values[:-1] for kind, values in shipped.chances["birth_date"].model_dump().items()}
    former = shipped.model_copy(
        update={"chances": {**shipped.chances, "birth_date": type(shipped.chances["given"])(**born)}}
    )
    with many.store.write() as db:
        keep(db, former, actor="", why="before", at="2026-01-01T00:00:00Z")
    with (
        many.store.read() as db,
        pytest.raises(ConfigError, match="is of another release: birth_date has 7 levels"),
    ):
        many.ws.register(db)
