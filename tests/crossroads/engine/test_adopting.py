"""A model is taken into use: everybody is compared anew by it, and is who they would be had the store begun with it."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads import journal
from crossroads.engine import adopting
from crossroads.engine.asserting import APART, Word, say
from crossroads.errors import ConfigError
from crossroads.identity.model import Frequencies, Model
from crossroads.identity.online import models
from crossroads.identity.online.models import advice
from crossroads.testkit.memory import Memory

SHIPPED = Model.shipped()
TABLES = ("Node", "Edge", "Block", "Retired", "Link", "Lineage", "Profile", "Due", "Entry", "AdoptedModel")
A, B = "crm/people/1", "erp/people/1"
ANN = {"given": "Ann", "family": "Lee", "street": "Hauptstraße 7", "city": "Berlin"}


def merging(bits: float, records: int) -> Model:
    """Return a model of so few, as if learnt of them, that merges from so many bits on."""
    known = {"family": Frequencies(shares={"lee": 0.1}, rarest=0.1)}
    return SHIPPED.model_copy(update={"records": records, "threshold": bits, "frequencies": known})


BOLD = merging(0.0, 2)
FORMER = SHIPPED.model_copy(update={"threshold": 8.0})
"""As another release shipped it."""

GIVEN, FAMILY, CITIES = ("Ann", "Anna", "Tom", "Tim"), ("Lee", "Berg", "Bergh"), ("Bonn", "Ulm")


def kept(w: Any) -> dict[str, Any]:
    return {name: w.rows(name) for name in TABLES}


def adopt(w: Any, model: Model) -> adopting.Adopted:
    return adopting.adopt(w.ws, model, actor="Kim", why="learnt of ours")


@pytest.fixture
def doubtful(world: Callable[..., Any], customer_plan: Any) -> Any:
    """Two records at one door under one name, and nothing else: too few bits for the shipped model."""
    w = world([customer_plan("erp", "crm", create="never")], erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN, mail="a@x.example", changed="2026-01-01T00:00:00Z")
    w.systems["crm"].put("people", "1", **ANN, mail="zz@y.example", changed="2026-02-01T00:00:00Z")
    w.sync()
    assert w.who() == [[A], [B]]
    return w


@pytest.mark.both_stores
def test_who_is_one_person_by_it_becomes_one_and_the_next_run_tells_the_systems(doubtful: Any) -> None:
    found = adopt(doubtful, BOLD)
    assert (found.records, found.before, found.after, found.largest) == (2, 2, 1, (1, 2))
    assert (found.joined, found.parted) == ([[[A], [B]]], [])
    assert (found.told, found.made) == ({("erp.people", "emails.main.address"): 1}, {})
    assert doubtful.who() == [[A, B]]
    assert {BOLD.version in link["evidence"] for link in doubtful.rows("Link")} == {True}
    doubtful.sync()
    assert doubtful.systems["erp"].records["people"]["1"]["mail"] == "zz@y.example"
    assert doubtful.writes() == 1


@pytest.mark.both_stores
def test_it_is_shown_first_and_nothing_is_changed(doubtful: Any) -> None:
    before = kept(doubtful)
    seen = adopting.shown(doubtful.ws, BOLD)
    assert kept(doubtful) == before
    assert adopt(doubtful, BOLD) == seen


@pytest.mark.both_stores
def test_back_to_the_former_model_everybody_has_their_own_again(doubtful: Any) -> None:
    profiles = {row["contribution"]: row["profile"] for row in doubtful.rows("Link")}
    adopt(doubtful, BOLD)
    doubtful.sync()
    found = adopt(doubtful, SHIPPED)
    assert (found.joined, found.parted) == ([], [[[A], [B]]])
    doubtful.sync()
    assert doubtful.who() == [[A], [B]]
    assert {row["contribution"]: row["profile"] for row in doubtful.rows("Link")} == profiles
    assert doubtful.systems["erp"].records["people"]["1"]["mail"] == "a@x.example"
    with doubtful.store.read() as db:
        assert [one.version for one in models.adoptions(db)] == [
            SHIPPED.version,
            BOLD.version,
            SHIPPED.version,
        ]
        assert list(journal.verify(db)) == []


def test_what_comes_later_is_weighed_by_it_too_also_by_who_was_open_before(doubtful: Any) -> None:
    other = doubtful.workspace()
    with doubtful.store.read() as db:
        assert other.register(db).model == SHIPPED
    adopt(doubtful, BOLD)
    doubtful.ws = other
    for name, mail in (("erp", "b@x.example"), ("crm", "yy@y.example")):
        doubtful.systems[name].put("people", "2", **{**ANN, "given": "Tom"}, mail=mail)
    doubtful.sync()
    assert doubtful.who() == [[A, B], ["crm/people/2", "erp/people/2"]]


def test_a_release_that_ships_another_model_leaves_a_store_its_own(doubtful: Any) -> None:
    doubtful.ws = doubtful.workspace(model=BOLD)
    for name in doubtful.systems:
        doubtful.systems[name].put("people", "1", **{**ANN, "city": "Bonn"})
    doubtful.sync()
    assert doubtful.who() == [[A], [B]]


def test_what_people_said_outranks_every_model(doubtful: Any) -> None:
    say(doubtful.ws, Word(A, B, APART, "Kim", "asked her"))
    found = adopt(doubtful, BOLD)
    assert (found.joined, found.after) == ([], 2)
    assert doubtful.who() == [[A], [B]]


def test_who_adopted_what_and_why_is_in_the_journal(doubtful: Any) -> None:
    adopt(doubtful, BOLD)
    (line,) = [entry for entry in doubtful.rows("Entry") if entry["kind"] == "adopt"]
    assert line["subject"] == BOLD.version
    assert line["body"] == '{"by":"Kim","joined":1,"parted":0,"why":"learnt of ours"}'


def test_killed_on_the_way_nothing_is_changed(doubtful: Any) -> None:
    before = kept(doubtful)

    def stop(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        adopting.adopt(doubtful.ws, BOLD, actor="Kim", why="", tell=stop)
    assert kept(doubtful) == before
    with doubtful.store.read() as db:
        assert doubtful.ws.register(db).model == SHIPPED, "what it was about to use is not used"


@pytest.mark.both_stores
@pytest.mark.parametrize("seed", range(4))
def test_everybody_is_who_they_would_be_in_a_store_that_began_with_it(
    seed: int, world: Callable[..., Any], customer_plan: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(adopting, "CHUNK", 3)
    dice = Random(seed)
    plan = customer_plan("erp", "crm", "shop", create="never")
    people = [
        (name, str(number), {"given": dice.choice(GIVEN), "family": dice.choice(FAMILY), "city": dice.choice(CITIES),
                             "street": f"Hauptstraße {dice.randint(1, 3)}", "mail": f"{dice.randint(1, 25)}@x.example"})
        for name in ("erp", "crm", "shop")
        for number in range(14)
    ]  # fmt: skip
    strict, bold = merging(12.0, len(people)), merging(0.0, len(people))
    made = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        made.append(world.make_in(tmp_path / name, [plan], erp=Memory(), crm=Memory(), shop=Memory()))
    for w in made:
        for name, key, record in people:
            w.systems[name].put("people", key, **record)
    one, other = made
    one.ws = one.workspace(model=strict)
    one.sync()
    former = one.who()
    other.ws = other.workspace(model=bold)
    other.sync()
    adopt(one, bold)
    assert one.who() == other.who() != former
    weighed = [why for link in one.rows("Link") for _, why in orjson.loads(link["evidence"]) if ":" in why]
    assert {why.rpartition(":")[2] for why in weighed} == {bold.version}
    back = adopt(one, strict)
    assert one.who() == former
    assert back.joined or back.parted


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_records_that_share_a_profile_or_a_person_are_linked_together(pairs: list[tuple[int, int]]) -> None:
    rows = [(f"c{place}", f"p{profile}", person) for place, (profile, person) in enumerate(pairs)]
    groups = [set(some) for some in adopting._several(rows, 1)]
    assert sorted(name for some in groups for name in some) == sorted(row[0] for row in rows)
    for own in (1, 2):
        for some in groups:
            mine = {row[own] for row in rows if row[0] in some}
            assert {row[0] for row in rows if row[own] in mine} <= some


def test_a_model_that_does_not_fit_the_store_is_refused_and_says_why(doubtful: Any) -> None:
    before = kept(doubtful)
    with pytest.raises(ConfigError, match=r"for 100,000 records and the store has 2, .* identity learn"):
        adopt(doubtful, merging(5.0, 100_000))
    with pytest.raises(ConfigError, match="learnt of a file with occupation"):
        adopt(doubtful, BOLD.model_copy(update={"others": ("occupation",)}))
    with doubtful.store.read() as db, pytest.raises(ConfigError, match="No model 123 was ever in use here"):
        models.kept(db, "123")
    assert kept(doubtful) == before


@pytest.mark.parametrize(
    ("model", "records", "told"),
    [
        (SHIPPED, 999, None),
        (SHIPPED, 1000, "the 1,000 records they have can teach a better one"),
        (FORMER, 999, None),
        (FORMER, 1000, "the 1,000 records they have can teach a better one"),
        (merging(3.0, 40), 80, None),
        (merging(3.0, 40), 20, None),
        (merging(3.0, 40), 81, "by a model of 40 records, and have 81 by now"),
        (merging(3.0, 40), 19, "by a model of 40 records, and have 19 by now"),
    ],
)
def test_a_model_that_the_store_has_outgrown_is_to_be_learnt_anew(
    model: Model, records: int, told: str | None, world: Callable[..., Any]
) -> None:
    w = world(erp=Memory(), crm=Memory())
    with w.store.write() as db:
        models.keep(db, model, actor="", why="", at="2026-01-01T00:00:00Z")
        node = adopting.table(adopting.Node)
        rows = [{"number": n, "address": f"erp/people/{n}", "person": '[["ann"]]'} for n in range(records)]
        silent = [{"number": -n, "address": f"crm/people/{n}", "person": "[]"} for n in range(1, 9)]
        db.execute(node.insert(), rows + silent)
        said = advice(db)
    assert (told is None) == (said is None)
    assert told is None or told in said
