"""No echo, whatever a system makes of what it is told: rings of systems that each spell it differently, and quick edits."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.engine.echo import Held
from crossroads.engine.spelling import alike
from crossroads.records import Change, Record, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2))
ANN = {
    "given": "Änne-Marie",
    "family": "Wolfeschlegelsteinhausen",
    "mail": "ann@lee.example",
    "city": "Köln am Rhein",
}
TELEPHONE = "+4915112345678"
SPELT = ("given", "family", "city", "street")
SIZES = [2, 3, 5]
BOUND = 4


def spelling(change: Callable[[str], str], **derived: str) -> Callable[[Record], Record]:
    """Let a system say text in its own way, and derive a field that nobody wrote."""
    return lambda record: {**record, **{n: change(record[n]) for n in SPELT if record.get(n)}, **derived}


def plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


SPELLINGS: dict[str, Callable[[Record], Record]] = {
    "as told": lambda record: record,
    "capitals": spelling(str.upper, derived="x"),
    "cut off": spelling(lambda text: text[:12]),
    "without accents": spelling(plain),
    "small and padded": spelling(lambda text: f"{text.lower()} "),
    "derives": lambda record: {**record, "full": f"{record.get('given')} {record.get('family')}"},
}
NAMES = ("erp", "crm", "shop", "desk", "club")


def ring(size: int, shows: Sequence[bool]) -> dict[str, Memory]:
    kinds = list(SPELLINGS.values())
    return {
        name: Memory(normalise=kinds[n], shows=shows[n], settle_seconds=0.0)
        for n, name in enumerate(NAMES[:size])
    }


def rested(w: Any) -> int:
    """Run until nothing is sent, each time as a new process would; return how many runs sent something."""
    for number in range(BOUND + 1):
        before = w.writes()
        w.ws = w.workspace()
        w.sync(full=number % 2 == 1)
        if w.writes() == before:
            return number
    raise AssertionError(f"after {BOUND} runs it is still sending")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shows", [True, False], ids=["answers with the record", "answers without"])
def test_an_edit_is_written_once_a_target_though_each_spells_it_differently(
    world: Callable[..., Any], size: int, shows: bool
) -> None:
    w = world(**ring(size, [shows] * size))
    w.systems["erp"].put("people", "1", **ANN)
    rested(w)
    for name, key in [(n, next(iter(s.records["people"]))) for n, s in w.systems.items()]:
        before = {other: len(system.writes) for other, system in w.systems.items()}
        w.systems[name].put("people", key, city=f"Neustadt bei {name}")
        rested(w)
        sent = {other: len(system.writes) - before[other] for other, system in w.systems.items()}
        assert sent == {other: int(other != name) for other in w.systems}
        w.sync(full=True)
        assert sent == {other: len(s.writes) - before[other] for other, s in w.systems.items()}


@pytest.mark.parametrize("edits", [["Ulm", "Bonn"], ["Ulm", "Essen"], ["Ulm", "Ulm"]], ids=str)
@pytest.mark.parametrize("token", [True, False], ids=["version", "no version"])
@pytest.mark.parametrize("shows", [True, False], ids=["shows", "does not show"])
def test_two_quick_edits_end_as_the_second_everywhere(
    world: Callable[..., Any], edits: list[str], token: bool, shows: bool
) -> None:
    """The first before the run reads, the second while it is inside its write to another system."""
    w = world(erp=Memory(), crm=Memory(token=token, shows=shows), shop=Memory(token=token, shows=shows))
    w.systems["crm"].put("people", "a", given="Ann", family="Lee", mail="ann@lee.example", city="Bonn")
    w.sync()
    w.systems["crm"].put("people", "a", city=edits[0])
    plain_connect, done = w.ws.connect, list[str]()

    class Editing(MemoryConnector):
        def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
            if not done:
                done.append("edited")
                w.systems["crm"].put("people", "a", city=edits[1])
            yield from super().write(stream, changes)

    w.ws.connect = lambda name: Editing(w.systems[name], list(plain_connect(name).streams.values()))
    w.sync()
    w.ws.connect = plain_connect
    rested(w)
    cities = {r["city"] for system in w.systems.values() for r in system.records["people"].values()}
    assert cities == {edits[1]}


@pytest.mark.parametrize("token", [True, False], ids=["version", "no version"])
@pytest.mark.parametrize("by_hand", ["Ulm", "Essen"], ids=["the same as ours", "another"])
def test_an_edit_in_the_target_between_plan_and_send_is_never_lost(
    world: Callable[..., Any], token: bool, by_hand: str
) -> None:
    w = world(erp=Memory(), crm=Memory(token=token))
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm")
    plain_connect, done = w.ws.connect, list[str]()
    before = len(w.systems["crm"].writes)

    class Edited(MemoryConnector):
        def fetch(self, stream: Stream, keys: Sequence[str]) -> Any:
            self._edited()
            return super().fetch(stream, keys)

        def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
            self._edited()
            yield from super().write(stream, changes)

        def _edited(self) -> None:
            if self.memory is w.systems["crm"] and not done:
                done.append("edited")
                self.memory.put("people", "people-1", city=by_hand)

    w.ws.connect = lambda name: Edited(w.systems[name], list(plain_connect(name).streams.values()))
    w.sync()
    w.ws.connect = plain_connect
    rested(w)
    assert w.systems["erp"].value("people", "1", "city") == by_hand
    assert w.systems["crm"].value("people", "people-1", "city") == by_hand
    assert len(w.systems["crm"].writes) - before == 0, "by hand is newest: there is nothing to say to it"


def test_a_blind_system_that_does_not_take_a_field_clears_it_nowhere(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(shows=False, normalise=lambda r: {**r, "mobile": None}))
    w.systems["erp"].put("people", "1", **ANN, mobile="+4915112345678")
    rested(w)
    assert w.systems["erp"].value("people", "1", "mobile") == "+4915112345678"
    assert [notice["path"] for notice in w.rows("Notice")] == ["phones.mobile.number"]


def test_once_seen_another_spelling_is_an_edit() -> None:
    """What a system makes of a value is learnt at first sight; somebody who then writes it in capitals means it."""
    held = Held("c", {}, {}, {}, {}, JAN, None).wrote({"given_name": "Ann"}, None)
    seen = held.told({"given_name": "Ann"}, None, JAN, lambda path: None)
    assert not seen.differs
    assert seen.told({"given_name": "ANN"}, None, FEB, lambda path: None).own == {"given_name": "ANN"}


def rounded(text: str, places: int) -> str:
    return str(Decimal(text).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


@given(st.decimals(-10_000, 10_000, places=6).map(str), st.integers(0, 5))
def test_a_rounded_number_is_alike_and_its_negative_is_not(number: str, places: int) -> None:
    assert alike(rounded(number, places), number)
    assert alike(str(-Decimal(number)), number) == (Decimal(number) == 0)


edits = st.lists(
    st.tuples(
        st.sampled_from(["edit", "edit", "run"]),
        st.integers(0, 2),
        st.sampled_from(["given", "city", "street"]),
        st.sampled_from(["Änne", "Köln am Rhein", "An der Langen Lagerstraße", "ÄNNE", "x", ""]),
    ),
    max_size=8,
)
kinds = st.lists(
    st.tuples(st.sampled_from(sorted(SPELLINGS)), st.booleans(), st.booleans()), min_size=2, max_size=3
)
_folders = iter(range(1_000_000))


def rounding(record: Record) -> Record:
    """A system that keeps two places of a number."""
    return {name: rounded(v, 2) if re.fullmatch(r"\d+\.\d+", str(v)) else v for name, v in record.items()}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shows", [True, False], ids=["answers with the record", "answers without"])
def test_what_one_system_rounds_stays_whole_in_all_others(
    world: Callable[..., Any], size: int, shows: bool
) -> None:
    names = NAMES[:size]
    w = world(**{name: Memory(shows=shows, settle_seconds=0.0) for name in names})
    w.systems["crm"].normalise = rounding
    w.systems["erp"].put("people", "1", **ANN | {"city": "12.3456"})
    rested(w)
    where = {name: next(iter(system.records["people"])) for name, system in w.systems.items()}
    before = {name: len(system.writes) for name, system in w.systems.items()}
    w.systems["erp"].put("people", "1", city="98.7654")
    rested(w)
    assert {name: w.systems[name].value("people", key, "city") for name, key in where.items()} == {
        name: "98.77" if name == "crm" else "98.7654" for name in names
    }
    assert {n: len(s.writes) - before[n] for n, s in w.systems.items()} == {n: int(n != "erp") for n in names}


@given(kinds, edits)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_systems_make_of_values_it_comes_to_rest_and_all_agree(
    world: Any, tmp_path: Path, kinds: list[tuple[str, bool, bool]], edits: list[tuple[str, int, str, str]]
) -> None:
    (folder := tmp_path / str(next(_folders))).mkdir()
    systems = {
        NAMES[n]: Memory(normalise=SPELLINGS[kind], shows=shows, token=token, settle_seconds=0.0)
        for n, (kind, shows, token) in enumerate(kinds)
    }
    w = world.make_in(folder, **systems)
    w.systems["erp"].put("people", "1", **ANN)
    rested(w)
    for what, number, field, value in edits:
        name = NAMES[number % len(kinds)]
        if what == "run":
            w.sync()
        else:
            (key,) = w.systems[name].records["people"]
            w.systems[name].put("people", key, **{field: value})
    rested(w)
    for field in ("given", "city", "street"):
        said = [next(iter(s.records["people"].values())).get(field) or "" for s in systems.values()]
        longest = max(said, key=len)
        assert all(alike(one, longest) for one in said), (field, [len(one) for one in said])
    w.store.close()


def test_a_field_the_target_does_not_take_is_listed_and_cleared_nowhere(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(normalise=lambda record: {**record, "mobile": None}))
    w.systems["erp"].put("people", "1", **ANN, mobile=TELEPHONE)
    for _ in range(3):
        w.sync()
    w.sync(full=True)
    assert w.systems["erp"].value("people", "1", "mobile") == TELEPHONE
    assert len(w.systems["crm"].writes) == 1
    (notice,) = w.rows("Notice")
    assert notice["path"] == "phones.mobile.number"
    assert TELEPHONE not in notice["reason"]


@pytest.mark.parametrize(
    ("takes", "street"),
    [
        (lambda said: None, "Weg 1"),
        (lambda said: said[:12], "An der Langen Lagerstraße 17 b"),
        (str.upper, "Weg 1"),
    ],
    ids=["not taken", "cut off", "spelled otherwise"],
)
def test_who_edits_a_city_says_nothing_of_what_his_system_made_of_our_street(
    world: Callable[..., Any], takes: Callable[[str], str | None], street: str
) -> None:
    """An address is one thing, said anew by whoever edits a part of it; how a system keeps the rest is no word of its own."""

    def kept(record: Record) -> Record:
        return {**record, "street": takes(record["street"])} if record.get("street") else record

    w = world(erp=Memory(), crm=Memory(normalise=kept))
    w.systems["erp"].put("people", "1", **ANN | {"city": "Bonn"}, street=street, changed=JAN)
    w.sync()
    (key,) = w.systems["crm"].records["people"]
    w.systems["crm"].put("people", key, city="Ulm", changed=FEB)
    w.sync()
    assert w.systems["erp"].value("people", "1", "city") == "Ulm"
    assert w.systems["erp"].value("people", "1", "street") == street
    writes = w.writes()
    w.sync(full=True)
    assert w.writes() == writes


@pytest.mark.parametrize("shows", [True, False])
def test_a_system_that_keeps_its_old_value_undoes_no_correction(
    world: Callable[..., Any], shows: bool
) -> None:
    w = world(erp=Memory(), crm=Memory(shows=shows))
    for name in w.systems:
        w.systems[name].put("people", "1", **ANN, changed=JAN)
    w.sync()
    w.systems["crm"].normalise = lambda record: {**record, "mail": ANN["mail"]}
    w.systems["erp"].put("people", "1", mail="new@lee.example", changed=FEB)
    for _ in range(2):
        w.sync()
    assert w.systems["erp"].value("people", "1", "mail") == "new@lee.example"
    assert w.systems["crm"].value("people", "1", "mail") == ANN["mail"]
