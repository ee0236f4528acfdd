"""What a create in doubt is not: a record that was somebody else's before, whoever says so."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from crossroads.engine import answering
from crossroads.engine.answering import Answer
from crossroads.engine.report import RunFailed
from crossroads.errors import ConfigError
from crossroads.records import Change, Found, Stream
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
BO = {"given": "Bo", "family": "Berg", "mail": "bo@berg.example", "city": "Ulm", "changed": JAN}
CY = {"given": "Cy", "family": "Ek", "mail": "cy@ek.example", "city": "Rom", "changed": JAN}
TELEPHONE = "+4915112345678"


class Fuzzy(MemoryConnector):
    """Finds whoever is there, as a search by prefix or by a number that two share does."""

    def find(self, stream: Stream, change: Change) -> Iterable[Found]:
        return [Found(key, None, dict(one)) for key, one in self.memory.records[stream.name].items()]


def sync(w: Any) -> str:
    """Run all syncs and return why they are not green."""
    try:
        w.sync()
    except RunFailed as error:
        return str(error)
    return ""


@pytest.fixture
def lost(world: Callable[..., Any], customer_plan: Any) -> Callable[..., Any]:
    """The CRM knows some people; the create of Ann was lost on its way there."""

    def make(create: Any, *known: tuple[str, dict[str, str]]) -> Any:
        w = world(
            [customer_plan("erp", "crm", erp={"create": "never"})],
            erp=Memory(),
            crm=Memory(create=create, settle_seconds=0.0),
        )
        for key, person in known:
            w.systems["crm"].put("people", key, **person)
        sync(w)
        w.systems["crm"].lose_before = 1
        w.systems["erp"].put("people", "1", **ANN)
        return w

    return make


def edited(w: Any) -> Any:
    """Edit Bo, so that whoever he is taken for is told."""
    w.systems["crm"].put("people", "bo", mobile=TELEPHONE, changed=FEB)
    sync(w)
    sync(w)
    return w.systems["crm"].records["people"]


@pytest.mark.both_stores
@pytest.mark.parametrize("create", ["search", "enforced_key"])
@pytest.mark.parametrize("known", [[("bo", BO)], [("bo", BO), ("cy", CY)]], ids=["one", "two"])
def test_a_look_up_that_finds_only_others_asks_a_person(lost: Any, create: str, known: Any) -> None:
    w = lost(create, *known)
    plain = w.ws.connect
    w.ws.connect = lambda name: Fuzzy(w.systems[name], list(plain(name).streams.values()))
    assert "`crossroads waiting` lists them" in sync(w)
    assert "which is another's" in w.rows("Parked")[0]["waits_for"]
    there = edited(w)
    assert {key: there[key]["given"] for key, _ in known} == {key: one["given"] for key, one in known}
    assert there["bo"]["mail"] == "bo@berg.example"


@pytest.mark.both_stores
def test_a_person_who_names_a_record_of_somebody_else_is_told_so(lost: Any) -> None:
    w = lost("none", ("bo", BO))
    sync(w)
    (parked,) = w.rows("Parked")
    with pytest.raises(ConfigError, match=r"bo of crm\.people was somebody else's"):
        answering.answer(
            w.ws, "crm.people", parked["what"], Answer.THERE, key="bo", actor="kim", why="mistyped"
        )
    assert w.rows("Parked") == [parked]
    assert edited(w)["bo"]["given"] == "Bo"


def test_a_create_that_is_answered_with_a_record_of_somebody_else_is_refused(lost: Any) -> None:
    w = lost("enforced_key", ("bo", BO))
    w.systems["crm"].lose_before = 0

    class Known(MemoryConnector):
        def write(self, stream: Stream, changes: Any) -> Any:
            for change in changes:
                made = self._one(stream, change)
                yield made if change.key else type(made)(change, "bo")

    plain = w.ws.connect
    w.ws.connect = lambda name: Known(w.systems[name], list(plain(name).streams.values()))
    assert sync(w) == ""
    (refused,) = w.rows("Rejected")
    assert "its record bo, which was another's before" in refused["reasons"]
    assert edited(w)["bo"]["given"] == "Bo"
