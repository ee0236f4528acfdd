"""Two answers of one system overlap: which is the newer one nobody can tell, so its record is asked for once more."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import orjson
import pytest

from crossroads import engine
from crossroads.errors import Unavailable
from crossroads.records import Batch, Change, Found, Record, State, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
TELEPHONE = "+4915112345678"

pytestmark = pytest.mark.parametrize("token", [True, False], ids=["the system checks", "we compare"])


class Slow(MemoryConnector):
    """A system whose answer to one question is on its way while something else happens, once; `early`, while the question is."""

    question = ""
    early = False
    happens: list[Callable[[], object]]
    broken: Sequence[Exception] = ()

    def _late(self, question: str, answers: Iterator[Any]) -> Iterator[Any]:
        if question != self.question:
            yield from answers
            return
        if self.early:
            self._happen()
        for answer in list(answers):
            self._happen()
            yield answer

    def _happen(self) -> None:
        while self.happens:
            self.happens.pop()()

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        return self._late("read", super().read(stream, since))

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        for error in self.broken:
            raise error
        return self._late("fetch", super().fetch(stream, keys))

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        return self._late("write", super().write(stream, changes))

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        return list(self._late("find", iter(super().find(stream, change))))


def slowly(
    w: Any,
    question: str,
    *happens: Callable[[], object],
    early: bool = False,
    broken: Sequence[Exception] = (),
) -> Callable[[], None]:
    """Let something happen while the CRM's first answer to a question is on its way; return what undoes it."""
    plain, left = w.ws.connect, list(happens)

    def connect(name: str) -> Any:
        made = plain(name)
        if name != "crm":
            return made
        slow = Slow(w.systems[name], list(made.streams.values()))
        slow.question, slow.happens, slow.early, slow.broken = question, left, early, broken
        return slow

    def undone() -> None:
        w.ws.connect = plain

    w.ws.connect = connect
    return undone


def names(w: Any) -> list[tuple[str, str]]:
    """Return who lives where: in each system, and in the store's belief about each."""
    systems = [(r["given"], r["city"]) for one in w.systems.values() for r in one.records["people"].values()]
    held = [orjson.loads(row["holds"]) for row in w.rows("Contribution")]
    return [*systems, *((one["given_name"], one["addresses.main.locality"]) for one in held)]


def edited(w: Any) -> None:
    """Let somebody change the first name in the CRM, and a run read and match it."""
    w.systems["crm"].put("people", "people-1", given="Anna", changed=MAR)
    w.begun("beside")


@pytest.fixture
def moved(world: Callable[..., Any], token: bool) -> Any:
    """A world in which the CRM knows Ann in Bonn, and the ERP says by now that she lives in Ulm."""
    w = world(erp=Memory(), crm=Memory(token=token))
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    w.systems["erp"].put("people", "1", city="Ulm", changed=FEB)
    return w


@pytest.mark.parametrize("full", [False, True], ids=["what changed", "everything"])
def test_a_page_asked_for_before_a_write_of_ours_is_not_taken_for_an_edit(moved: Any, full: bool) -> None:
    w = moved
    plan = w.begun("one")
    w.systems["crm"].put("people", "people-1", mobile=TELEPHONE)
    undo = slowly(w, "read", lambda: engine.push(w.ws, plan, "crm.people", "one"))
    w.run(plan, full=full, run="two")
    undo()
    w.sync()
    assert set(names(w)) == {("Ann", "Ulm")}
    assert len(w.systems["crm"].writes) == 2, "the create and the move, and no word of Bonn"
    assert w.systems["erp"].writes == [("people", "1", "update")], "the telephone"
    assert w.systems["erp"].value("people", "1", "mobile") == TELEPHONE


@pytest.mark.parametrize("question", ["write", "fetch"], ids=["answer", "look before it"])
def test_an_edit_that_a_pull_has_stored_outlives_the_older_answer_to_our_write(
    moved: Any, question: str
) -> None:
    w = moved
    plan = w.begun("one")
    if question == "fetch":
        w.systems["crm"].put("people", "people-1", mobile=TELEPHONE)
    undo = slowly(w, question, lambda: edited(w))
    engine.push(w.ws, plan, "crm.people", "one")
    undo()
    w.sync()
    assert set(names(w)) == {("Anna", "Ulm")}
    states = Counter(row["state"] for row in w.rows("Intent") if row["slot"] == "people-1")
    assert states == {"written": 1} | ({"superseded": 1} if question == "fetch" else {}), (
        "no word was put back"
    )


@pytest.mark.parametrize("question", ["write", "find"], ids=["answer", "look-up after a lost one"])
def test_an_edit_of_a_record_just_made_outlives_the_older_answer_to_its_create(
    world: Callable[..., Any], token: bool, question: str
) -> None:
    w = world(erp=Memory(), crm=Memory(token=token, lose=int(question == "find")))
    w.systems["erp"].put("people", "1", **ANN)
    plan = w.begun("one")
    undo = slowly(w, question, lambda: edited(w))
    engine.push(w.ws, plan, "crm.people", "one")
    undo()
    w.sync()
    assert set(names(w)) == {("Anna", "Bonn")}
    assert w.persons("crm") == w.persons("erp") == {"Anna": 1}
    assert [row["state"] for row in w.rows("Intent") if row["connection"] == "crm"] == ["written"], (
        "the create"
    )


def test_an_edit_that_a_pull_has_stored_outlives_an_older_look_after_a_lost_answer(moved: Any) -> None:
    w = moved
    plan = w.begun("one")
    w.systems["crm"].lose = 1
    undo = slowly(w, "fetch", lambda: edited(w))
    engine.push(w.ws, plan, "crm.people", "one")
    undo()
    w.sync()
    assert set(names(w)) == {("Anna", "Ulm")}
    assert len(w.systems["crm"].writes) == 2


@pytest.mark.parametrize(
    "error", [Unavailable("gone"), NotImplementedError()], ids=["does not answer", "cannot show one record"]
)
def test_a_page_with_a_record_that_could_not_be_asked_for_again_is_read_again_by_the_next_run(
    moved: Any, error: Exception
) -> None:
    w = moved
    plan = w.begun("one")
    w.systems["crm"].put("people", "people-1", mobile=TELEPHONE)
    broken: list[Exception] = []
    w.systems["crm"].page = 1

    def written() -> None:
        engine.push(w.ws, plan, "crm.people", "one")
        broken.append(error)
        w.systems["crm"].put("people", "people-1", given="Anna", changed=MAR)
        w.systems["crm"].put("people", "b", given="Bob", family="Ray", city="Ulm", changed=MAR)

    undo = slowly(w, "read", written, early=True, broken=broken)
    engine.begin(w.ws, plan, "two")
    with suppress(Unavailable):
        engine.pull(w.ws, plan, "crm.people", "two")
    undo()
    w.sync()
    assert set(names(w)) == {("Anna", "Ulm"), ("Bob", "Ulm")}
    assert w.systems["erp"].value("people", "1", "mobile") == TELEPHONE
