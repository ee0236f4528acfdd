"""Somebody whose create is in doubt becomes one with another: made once, whatever arrives when."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from crossroads.engine import answering
from crossroads.engine.answering import Answer
from crossroads.engine.report import RunFailed
from crossroads.records import Change, Found, Stream
from crossroads.store.tables import Intent
from crossroads.testkit.memory import Memory, MemoryConnector

JAN = "2026-01-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
OTHER = {**ANN, "mail": "other@lee.example"}
TELEPHONE = "+4915112345678"


class Killed(BaseException):
    """The process is gone."""


def died(w: Any, last: Callable[[MemoryConnector, Change], None]) -> None:
    """Run the syncs of an attempt that dies at its first write, of which it gets no answer."""
    plain = w.ws.connect

    class Dying(MemoryConnector):
        def write(self, stream: Stream, changes: Any) -> Any:
            last(self, changes[0])
            raise Killed
            yield  # pragma: no cover

    w.ws.connect = lambda name: Dying(w.systems[name], list(plain(name).streams.values()))
    with pytest.raises(Killed):
        w.sync()
    w.ws.connect = plain
    rows = Intent.__table__  # type: ignore[attr-defined]
    with w.store.write() as db:
        db.execute(rows.update().where(rows.c.state == "sent").values(lease_until=JAN))


def one(w: Any) -> None:
    """Let the two be one, by a telephone they share, and run twice."""
    w.systems["crm"].refuse = lambda record: None
    for key in "01":
        w.systems["erp"].put("people", key, mobile=TELEPHONE)
    for _ in range(2):
        try:
            w.sync()
        except RunFailed as error:
            assert "have no known outcome" in str(error)  # noqa: PT017 - green or waiting for a person


@pytest.fixture
def two(world: Callable[..., Any], customer_plan: Any) -> Callable[..., Any]:
    """Two people in the ERP; the CRM has refused the first, and the second is about to be made there."""

    def make(create: Any, *, read: bool = True, blank: bool = False, settle: float = 0.0) -> Any:
        shown = (lambda record: {name: record[name] for name in ("given", "family")}) if blank else dict
        w = world(
            [customer_plan("erp", "crm", crm={"read": read}, erp={"create": "never"})],
            erp=Memory(),
            crm=Memory(create=create, settle_seconds=settle, normalise=shown),
        )
        w.systems["crm"].refuse = lambda record: "LOCKED" if record.get("mail") == OTHER["mail"] else None
        w.systems["erp"].put("people", "0", **OTHER)
        w.sync()
        w.systems["erp"].put("people", "1", **ANN)
        return w

    return make


@pytest.mark.both_stores
@pytest.mark.parametrize("create", ["none", "idempotency_key"])
@pytest.mark.parametrize("how", [{"read": False}, {"blank": True}], ids=["not read", "not recognised"])
def test_who_was_made_before_he_became_another_is_not_made_again(two: Any, create: str, how: Any) -> None:
    w = two(create, **how)
    died(w, lambda crm, change: crm._one(Stream("people", "key"), change) and None)
    one(w)
    assert len(w.systems["crm"].records["people"]) == 1
    if create == "none":
        (parked,) = w.rows("Parked")
        answering.answer(
            w.ws, "crm.people", parked["what"], Answer.THERE, key="people-1", actor="kim", why="saw it"
        )
    w.sync()
    assert len(w.systems["crm"].records["people"]) == 1
    assert len(w.rows("Profile")) == 1
    assert w.rows("Parked") == []


def test_who_was_not_made_is_made_as_the_one_he_became(two: Any) -> None:
    w = two("none", read=False)
    died(w, lambda crm, change: None)
    one(w)
    assert not w.systems["crm"].records.get("people")
    (parked,) = w.rows("Parked")
    answering.answer(w.ws, "crm.people", parked["what"], Answer.AGAIN, actor="kim", why="not there")
    w.sync()
    assert len(w.systems["crm"].records["people"]) == 1


def test_a_late_create_that_can_only_be_searched_is_waited_for(two: Any) -> None:
    w = two("search", settle=2.0)
    late: list[tuple[Change, float]] = []
    died(w, lambda crm, change: late.append((change, time.monotonic() + 1.0)))

    class Late(MemoryConnector):
        def arrive(self) -> None:
            if late and time.monotonic() >= late[0][1] and self.memory is w.systems["crm"]:
                MemoryConnector._one(self, Stream("people", "key"), late.pop()[0])

        def find(self, stream: Stream, change: Change) -> Iterable[Found]:
            self.arrive()
            return super().find(stream, change)

        def write(self, stream: Stream, changes: Any) -> Any:
            self.arrive()
            yield from super().write(stream, changes)

    plain = w.ws.connect
    w.ws.connect = lambda name: Late(w.systems[name], list(plain(name).streams.values()))
    one(w)
    assert late == []
    assert len(w.systems["crm"].records["people"]) == 1


@pytest.mark.parametrize("create", ["search", "enforced_key", "idempotency_key"])
def test_a_create_that_nobody_needs_any_more_turns_no_run_red(two: Any, create: str) -> None:
    w = two(create)
    died(w, lambda crm, change: None)
    w.systems["erp"].delete("people", "1")
    w.sync()
    assert not w.systems["crm"].records.get("people")
