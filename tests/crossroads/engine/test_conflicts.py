"""Records that are changed while we write them, a person's word about who is right, and answers nobody else can give."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads import engine
from crossroads.engine import answering, deciding, reviews
from crossroads.engine.answering import Answer
from crossroads.engine.decided import Decision, mark
from crossroads.engine.survivorship import Policy, Rule, Source, Survivorship
from crossroads.errors import ConfigError
from crossroads.records import Stream
from crossroads.testkit.memory import Memory, MemoryConnector

CITY = "addresses.main.locality"
JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
RULES = ("newest", "ranked", "most_complete", "longest_standing", "union", "ask")


def policy(rule: str, path: str = CITY, **more: Any) -> Survivorship:
    said = Rule(rule=rule, **more)  # type: ignore[arg-type]
    return Survivorship({"customer": Policy(default=Rule(rule="newest"), fields={path: said})})


def document(w: Any) -> dict[str, Any]:
    (profile,) = w.rows("Profile")
    return dict(json.loads(profile["document"]))


def test_a_record_that_is_changed_at_every_attempt_waits_for_a_person_and_goes_on_when_told(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm")
    plain, restless = w.ws.connect, [True]

    class Restless(MemoryConnector):
        def fetch(self, stream: Stream, keys: Sequence[str]) -> Any:
            if self.memory is w.systems["crm"] and restless:
                self.memory.put("people", "people-1", mobile=f"+4915112345{self.memory.tick:03}")
            return super().fetch(stream, keys)

    w.ws.connect = lambda name: Restless(w.systems[name], list(plain(name).streams.values()))
    w.sync()
    (parked,) = w.rows("Parked")
    assert (parked["reason"], w.systems["crm"].value("people", "people-1", "city")) == ("person", "Bonn")
    restless.clear()
    answering.answer(w.ws, "crm.people", parked["what"], Answer.AGAIN, actor="Kim", why="quiet now")
    w.sync()
    assert w.systems["crm"].value("people", "people-1", "city") == "Ulm"
    assert w.rows("Parked") == []


@pytest.mark.parametrize("token", [True, False], ids=["the system checks", "we compare"])
def test_a_group_of_updates_is_compared_in_one_call_and_only_where_it_must_be(
    world: Callable[..., Any], token: bool
) -> None:
    w = world(erp=Memory(), crm=Memory(token=token))
    for n in range(4):
        w.systems["erp"].put("people", str(n), **{**ANN, "mail": f"p{n}@x.example", "given": f"Ann{n}"})
    w.sync()
    for n in range(4):
        w.systems["erp"].put("people", str(n), city="Ulm")
    plain, asked = w.ws.connect, list[int]()

    class Counting(MemoryConnector):
        def fetch(self, stream: Stream, keys: Sequence[str]) -> Any:
            asked.append(len(keys))
            return super().fetch(stream, keys)

    w.ws.connect = lambda name: Counting(w.systems[name], list(plain(name).streams.values()))
    w.sync()
    assert asked == [4] * (not token)


def test_a_stream_that_says_why_is_written_without_a_look(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    plain = w.ws.connect

    class Write(MemoryConnector):
        def fetch(self, stream: Stream, keys: Sequence[str]) -> Any:
            raise NotImplementedError

    def connect(name: str, why: str | None) -> Any:
        if name != "crm":
            return plain(name)
        streams = [Stream("people", "key", writable=True, blind_updates=why)]
        return Write(w.systems[name], streams)

    for why, city in ((None, "Ulm"), ("it has no single read", "Essen")):
        w.systems["erp"].put("people", "1", city=city)
        w.ws.connect = lambda name, why=why: connect(name, why)
        if why is None:
            with pytest.raises(ConfigError, match="blind_updates"):
                w.sync()
            assert w.systems["crm"].value("people", "people-1", "city") == "Bonn"
    w.sync()
    assert w.systems["crm"].value("people", "people-1", "city") == "Essen"


# a person's word


def contested(world: Callable[..., Any], rule: str = "ask") -> Any:
    """Let the ERP say Ulm and the CRM Essen, the later of the two, and a third system have it from us."""
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    w.ws.survivorship = policy(rule)
    w.systems["erp"].put("people", "1", **{**ANN, "city": "Ulm"})
    w.systems["crm"].put("people", "a", **{**ANN, "city": "Essen", "changed": FEB})
    w.sync()
    return w


def decide(w: Any, record: str, withdraw: bool = False) -> deciding.Proposal:
    (profile,) = w.rows("Profile")
    with w.store.read() as db:
        found = deciding.proposed(
            db, w.ws, profile["id"], CITY, record, actor="Kim", why="asked her", withdraw=withdraw
        )
    deciding.decide(w.ws, found, actor="Kim", why="asked her")
    return found


def cities(w: Any) -> list[str]:
    return [next(iter(s.records["people"].values()))["city"] for s in w.systems.values()]


def test_a_contested_value_is_written_over_nobodys_own_word_until_a_person_decides(world: Any) -> None:
    w = contested(world)
    assert cities(w) == ["Ulm", "Essen", "Ulm"], "the longest standing goes to whoever says nothing itself"
    with w.store.read() as db:
        assert [case.path for case in reviews.cases(db)] == [CITY]
    found = decide(w, "crm/people/a")
    assert [(e.record, e.now, e.then) for e in found.effects] == [
        ("erp/people/1", "Ulm", "Essen"),
        ("shop/people/people-1", "Ulm", "Essen"),
    ]
    w.sync()
    assert cities(w) == ["Essen"] * 3
    assert w.rows("Review") == []


def test_a_losing_value_can_be_put_back_and_the_decision_taken_back(world: Callable[..., Any]) -> None:
    w = contested(world, "newest")
    assert cities(w) == ["Essen"] * 3
    found = decide(w, "erp/people/1")
    assert {e.then for e in found.effects} == {"Ulm"}
    w.sync()
    w.sync(full=True)
    assert cities(w) == ["Ulm"] * 3
    assert json.loads(w.rows("Profile")[0]["provenance"])[CITY][1] == "decided"
    assert [e["kind"] for e in w.rows("Entry") if e["kind"] in ("decide", "withdraw")] == ["decide"]
    decide(w, "erp/people/1", withdraw=True)
    w.sync()
    assert cities(w) == ["Essen"] * 3


@pytest.mark.parametrize("new", ["Essen", "Mainz"], ids=["the same as before", "another"])
def test_a_decision_holds_until_somebody_says_something_new(world: Callable[..., Any], new: str) -> None:
    w = contested(world, "newest")
    decide(w, "erp/people/1")
    w.sync()
    w.systems["crm"].put("people", "a", family="Lee-Ek")  # something new, of another field
    w.sync()
    assert cities(w) == ["Ulm"] * 3
    w.systems["crm"].put("people", "a", city=new)
    w.sync()
    assert cities(w) == [new] * 3


def test_a_decision_survives_a_merge_and_what_a_newcomer_had_said_before(world: Callable[..., Any]) -> None:
    w = contested(world, "newest")
    decide(w, "erp/people/1")
    w.sync()
    w.systems["shop"].put(
        "people", "old", given="Ann", family="Lee", city="Hof", mobile="+4915112345678", changed=MAR
    )
    w.sync()
    assert len(w.rows("Profile")) == 2
    w.systems["crm"].put("people", "a", mobile="+4915112345678")
    w.sync()
    assert len(w.rows("Profile")) == 1
    assert document(w)[CITY] == "Ulm"


def test_only_a_record_that_says_the_field_itself_can_be_right_about_it(world: Callable[..., Any]) -> None:
    w = contested(world)
    with pytest.raises(ConfigError, match="says nothing of"):
        decide(w, "shop/people/people-1")


addresses = [f"{name}/people/1" for name in ("erp", "crm", "shop")]
words = st.dictionaries(
    st.sampled_from(addresses), st.tuples(st.sampled_from(["Ulm", "Essen", "Bonn"]), st.sampled_from([JAN, FEB, MAR])),
    min_size=1,
)  # fmt: skip


@given(
    words,
    st.sampled_from(RULES),
    st.sampled_from(addresses),
    st.sampled_from([JAN, FEB, MAR]),
    st.randoms(),
)
def test_golden_is_a_pure_function_of_words_and_decisions(
    said: dict[str, tuple[str, str]], rule: str, right: str, at: str, random: Any
) -> None:
    sources = [Source(a, a, a.split("/")[0], "m", {CITY: value}, when) for a, (value, when) in said.items()]
    known = {s.address: str(mark(s, [CITY])) for s in sources}
    decisions = {right: [Decision(right, CITY, known, at, "Kim", "")]}
    shuffled = list(sources)
    random.shuffle(shuffled)
    survivorship = policy(rule)
    found, why = survivorship.golden("customer", sources, decisions)
    assert (found, why) == survivorship.golden("customer", shuffled, decisions)
    if right in said:
        assert found[CITY] == said[right][0]


@pytest.mark.parametrize(
    ("living", "word"),
    [(JAN, "gone"), (FEB, "gone"), (MAR, "living")],
    ids=["said before", "said at once", "said since"],
)
def test_a_deleted_records_word_stands_until_a_living_one_says_something_later(
    living: str, word: str
) -> None:
    ranked = policy("ranked", systems=("erp", "crm"))
    sources = [
        Source("1", "erp/people/1", "erp", "m", {CITY: "gone"}, FEB, gone=True),
        Source("2", "crm/people/1", "crm", "m", {CITY: "living"}, living),
    ]
    assert ranked.golden("customer", sources)[0][CITY] == word


# answers for writes that nobody can look up


@pytest.mark.parametrize("said", list(Answer))
def test_a_person_answers_for_a_create_that_nobody_can_look_up(
    world: Callable[..., Any], said: Answer
) -> None:
    arrived = said is Answer.THERE
    w = world(erp=Memory(), crm=Memory(create="none", settle_seconds=0.0))
    w.systems["crm"].lose, w.systems["crm"].lose_before = int(arrived), int(not arrived)
    w.systems["erp"].put("people", "1", **ANN)
    (plan,) = w.plans
    for run in ("r1", "r2"):
        engine.begin(w.ws, plan, run)
        engine.pull(w.ws, plan, "erp.people", run)
        if run == "r1":
            engine.pull(w.ws, plan, "crm.people", run)
        engine.match(w.ws, plan, run)
        engine.push(w.ws, plan, "crm.people", run)
    (parked,) = w.rows("Parked")
    assert parked["reason"] == "outcome"
    if said is Answer.THERE:
        with pytest.raises(ConfigError, match="no record people-9"):
            answering.answer(
                w.ws, "crm.people", parked["what"], said, key="people-9", actor="Kim", why="seen"
            )
    answering.answer(w.ws, "crm.people", parked["what"], said, key="people-1", actor="Kim", why="seen")
    for _ in range(2):
        w.sync()
    assert w.rows("Parked") == []
    assert len(w.systems["crm"].records.get("people", {})) == int(said is not Answer.DROP)
    assert len(w.rows("Profile")) == 1
    assert {i["state"] for i in w.rows("Intent")} <= {"written", "superseded"}
    assert [json.loads(e["body"])["said"] for e in w.rows("Entry") if e["kind"] == "answer"] == [str(said)]
    with pytest.raises(ConfigError, match="waits for a person"):
        answering.answer(w.ws, "crm.people", parked["what"], Answer.DROP, actor="Kim", why="again")
