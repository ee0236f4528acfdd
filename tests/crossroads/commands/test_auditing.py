"""What came record by record is held against one comparison of everybody at once, and every difference is named."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import typer
from sqlalchemy import select, update

from crossroads import engine
from crossroads.commands.auditing import audit as shown
from crossroads.engine.adopting import adopt
from crossroads.engine.auditing import audit
from crossroads.identity.person import Person, Said
from crossroads.identity.table import read
from crossroads.store.session import table
from crossroads.store.tables import Assertion, Edge, Link, Node
from crossroads.testkit.memory import Memory
from sandbox.identity import sets
from sandbox.identity.odd import CROWD, DESK, odd


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    known = sets.generated(600, 31, tmp_path_factory.mktemp("people"))
    return {f"a/s/{name}": (one,) for name, one in read(known.file, known.fields)} | dict(odd())


@pytest.fixture
def many(world: Callable[..., Any], people: dict[str, Said]) -> Any:
    """A store that took in records in three goes, with words of people about some."""
    w = world(erp=Memory(), crm=Memory())
    names = sorted(people, key=lambda name: name[::-1])
    with w.store.write(("customer",)) as db:
        for start in range(3):
            w.ws.register(db).put(db, {name: people[name] for name in names[start::3]})
        edge, node = table(Edge), table(Node)
        a, b = db.execute(select(edge.c.a, edge.c.b).order_by(edge.c.bits.desc()).limit(1)).one()
        apart = db.execute(select(node.c.address).where(node.c.number.in_([a, b]))).scalars().all()
        for (one, other), kind in ((apart, "cannot"), (("a/s/key0", "a/s/two0"), "must")):
            said = {"a": min(one, other), "b": max(one, other), "kind": kind}
            db.execute(table(Assertion).insert().values(**said, why="asked", at="2026-01-01T00:00:00Z"))
        seeds = db.execute(select(node.c.number).where(node.c.address.in_([*apart, "a/s/key0", "a/s/two0"])))
        w.ws.register(db).settle(db, seeds.scalars().all())
    return w


@pytest.mark.both_stores
def test_what_came_one_by_one_is_what_all_at_once_are(many: Any, people: dict[str, Said]) -> None:
    result = audit(many.ws)
    assert (result.found.pairs, result.found.joined, result.found.parted) == ([], [], [])
    assert result.agrees
    assert result.found.records == len(people)
    assert result.found.by_splink >= 200
    assert result.found.by_scorer >= 20
    assert len(many.rows("Edge")) >= 100, "there was something to differ in"
    crowd = [row for row in many.rows("Node") if row["hidden"]]
    assert len(crowd) == CROWD + DESK + 1, "one said the mailbox before"


def test_what_weighs_the_same_by_splink_and_by_our_scorer_is_the_same(world: Callable[..., Any]) -> None:
    """Both add the same bits, each in its order; whoever is as near to one as to another is so by both."""
    whole = Person(
        *("ann", "smith", None, "1956-04-09", "ann.smith@x.example", "+49301234567"),
        *("weg", "1", "10115", "berlin", "b12345678"),
    )
    less = Person(family="smith", city="berlin", tax_id="b12345678")
    said = {"a/s/b1": (whole,), "a/s/b2": (whole,), "a/s/x": (less,), "a/s/y": (less, Person(city="rom"))}
    w = world(erp=Memory())
    apart = {"a": "a/s/x", "b": "a/s/y", "kind": "cannot", "why": "asked", "at": "2026-01-01T00:00:00Z"}
    with w.store.write(("customer",)) as db:
        db.execute(table(Assertion).insert().values(**apart))
        w.ws.register(db).put(db, said)
    found = audit(w.ws).found
    assert (found.pairs, found.joined, found.parted) == ([], [], [])


def broken(many: Any, change: Callable[[Any], Any]) -> Any:
    with many.store.write(("customer",)) as db:
        db.execute(change(db))
    return audit(many.ws).found


def likeliest(db: Any) -> Any:
    edge = table(Edge)
    return db.execute(select(edge).order_by(edge.c.bits.desc(), edge.c.a).offset(5).limit(1)).one()


def test_a_pair_that_was_lost_is_named_with_its_bits(many: Any) -> None:
    with many.store.read() as db:
        lost = likeliest(db)
    edge = table(Edge)
    found = broken(many, lambda db: edge.delete().where(edge.c.a == lost.a, edge.c.b == lost.b))
    (pair,) = found.pairs
    assert pair.stored is None
    assert pair.found == pytest.approx(lost.bits, abs=1e-6)


def test_other_bits_and_pairs_that_are_none_are_named(many: Any) -> None:
    with many.store.read() as db:
        one = likeliest(db)
    edge = table(Edge)
    found = broken(
        many, lambda db: update(edge).where(edge.c.a == one.a, edge.c.b == one.b).values(bits=one.bits + 1e-5)
    )
    assert [pair.found for pair in found.pairs] == [pytest.approx(one.bits)]
    numbers = {row["address"]: row["number"] for row in many.rows("Node")}
    a, b = sorted((numbers["a/s/firm0"], numbers["a/s/couple1"]))
    found = broken(many, lambda db: edge.insert().values(a=a, b=b, bits=3.0))
    assert [(pair.stored, pair.found) for pair in found.pairs if pair.found is None] == [(3.0, None)]


def test_a_person_who_is_another_than_by_all_pairs_is_named(many: Any) -> None:
    node = table(Node)
    found = broken(many, lambda db: update(node).where(node.c.address == "a/s/two0").values(cluster=0))
    assert [
        {name for part in parts for name in part} >= {"a/s/key0", "a/s/two0"} for parts in found.joined
    ] == [True]
    two = [row["number"] for row in many.rows("Node") if row["address"] in ("a/s/firm0", "a/s/couple1")]
    found = broken(many, lambda db: update(node).where(node.c.number.in_(two)).values(cluster=two[0]))
    parted = [{name for part in parts for name in part} for parts in found.parted]
    assert any({"a/s/firm0", "a/s/couple1"} <= names for names in parted)


def test_what_is_nobodys_own_and_is_taken_for_somebodys_is_found(many: Any) -> None:
    node = table(Node)
    found = broken(many, lambda db: update(node).where(node.c.address == "a/s/couple1").values(hidden=1))
    assert found.pairs == [], "what is nobody's own is made anew as well"
    edge = table(Edge)
    numbers = {row["address"]: row["number"] for row in many.rows("Node")}
    a, b = sorted((numbers["a/s/many1"], numbers["a/s/many2"]))
    found = broken(many, lambda db: edge.insert().values(a=a, b=b, bits=9.0))
    assert [{pair.a, pair.b} for pair in found.pairs] == [{"a/s/many1", "a/s/many2"}]


def test_the_command_says_in_a_line_that_all_agree_or_names_what_does_not(
    many: Any, at_home: Callable[[Any], Any], capsys: Any
) -> None:
    at_home(many)
    shown()
    assert "the store has everybody as one comparison of all at once has them" in _line(capsys)
    edge = table(Edge)
    with many.store.write(("customer",)) as db:
        lost = likeliest(db)
        db.execute(edge.delete().where(edge.c.a == lost.a, edge.c.b == lost.b))
    with pytest.raises(typer.Exit) as ended:
        shown()
    said = _line(capsys)
    version = many.ws.model.version
    assert ended.value.exit_code == 1
    assert f"none +{lost.bits:.1f} bits" in said
    assert "1 pairs have other bits" in said
    assert f"crossroads identity adopt {version} --by NAME --why REASON" in said


@pytest.fixture
def synced(world: Callable[..., Any]) -> Any:
    """Two people whom a run compared: the mapping declares what identifies them, and the other system was given both."""
    w = world(erp=Memory(), crm=Memory())
    assert audit(w.ws).agrees, "also where nobody is known yet"
    for key, name in (("1", "Ann"), ("2", "Tom")):
        w.systems["erp"].put("people", key, given=name, family="Lee", mail=f"{name}@lee.example")
    w.sync()
    w.sync()
    return w


@pytest.mark.both_stores
def test_a_profile_with_records_of_two_people_is_counted(synced: Any) -> None:
    result = audit(synced.ws)
    assert (result.agrees, result.torn, result.found.records) == (True, 0, 4)
    link = table(Link)
    with synced.store.write(("customer",)) as db:
        ann, tom = sorted({row["profile"] for row in synced.rows("Link")})
        db.execute(update(link).where(link.c.profile == ann).values(profile=tom))
    result = audit(synced.ws)
    assert (result.agrees, result.torn) == (False, 1)
    assert (result.found.pairs, result.found.joined, result.found.parted) == ([], [], []), (
        "only the link is wrong"
    )


def test_what_waits_for_the_next_run_counts_as_it_was_and_is_told(
    synced: Any, at_home: Callable[[Any], Any], capsys: Any
) -> None:
    at_home(synced)
    synced.systems["erp"].put(
        "people", "1", given="Anna", mail="anna@lee.example", changed="2026-02-01T00:00:00Z"
    )
    engine.begin(synced.ws, synced.plans[0], "read")
    engine.pull(synced.ws, synced.plans[0], "erp.people", "read")
    shown()
    assert "1 records changed and wait for the next run" in _line(capsys)


def test_comparing_everybody_anew_mends_what_an_audit_finds(many: Any) -> None:
    assert broken(many, lambda db: table(Edge).delete()).pairs
    adopt(many.ws, many.ws.model, actor="Kim", why="the audit did not agree")
    assert audit(many.ws).agrees


def _line(capsys: Any) -> str:
    return re.sub(r"\s+", " ", capsys.readouterr().out)
