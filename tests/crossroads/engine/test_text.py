"""Text that no database keeps: set aside with a reason, on both stores alike, and the page goes on."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import orjson
import pytest

from crossroads.engine import RunFailed
from crossroads.engine.raw import payload, storable
from crossroads.errors import HistoryLost, RecordRejected, Unavailable
from crossroads.plan import Plan
from crossroads.records import Batch, Change, Found, Rejected, State, Stream, Unknown, WriteResult, Written
from crossroads.testkit.memory import Memory, MemoryConnector

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": "2026-01-01T00:00:00Z"}
NUL, HALF = "a\0b", "a\ud83d"
LONG = "".join(str(number) for number in range(3_000))
"""So many different signs that no compression makes them fit into an index."""


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("2", {"given": NUL}),
        ("2", {"unmapped": {"deep": [NUL]}}),
        ("2", {NUL: "x"}),
        (NUL, {}),
        ("2", {"given": HALF}),
        ("2", {HALF: "x"}),
        (HALF, {}),
        (LONG, {}),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_record_with_text_no_database_keeps_is_set_aside(
    world: Any, key: str, fields: dict[str, Any]
) -> None:
    w = world(erp=Memory(page=3), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", key, **{**ANN, "mail": "bo@lee.example", **fields})
    w.systems["erp"].put("people", "3", **{**ANN, "given": "Cy", "mail": "cy@lee.example"})
    (found,) = w.sync()
    assert found["members"]["erp.people"]["pull"] == {**dict.fromkeys(found["members"]["erp.people"]["pull"], 0),
                                                      "read": 3, "applied": 2, "rejected": 1}  # fmt: skip
    assert len(w.systems["crm"].records["people"]) == 2
    (refused,) = w.rows("Rejected")
    assert any(
        word in refused["reasons"] for word in ("NUL", "half a character", "characters, more than 500")
    )
    if key in (NUL, LONG):
        w.systems["erp"].delete("people", key)
        w.sync()
    again = w.sync(full=True)[0]["members"]["erp.people"]["pull"]
    assert again["applied"] == 0


@pytest.mark.both_stores
@pytest.mark.parametrize("field", ["reference", "buyer"])
def test_an_order_that_names_something_by_pages_of_text_keeps_no_other_back(world: Any, field: str) -> None:
    between = [{"connection": name, "stream": "orders", "create": "always"} for name in ("erp", "crm")]
    plan = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    people = {"sync": "customers", "entity": "customer", "owner": "tests"}
    both = [{**one, "stream": "people"} for one in between]
    w = world([Plan.model_validate({**people, "between": both}), plan], erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("orders", "1", **{"reference": "R1", "buyer": "1", "status": "open", field: LONG})
    w.systems["erp"].put("orders", "2", reference="R2", buyer="1", status="open")
    w.sync()
    assert "R2" in {one["reference"] for one in w.systems["crm"].records["orders"].values()}


@pytest.mark.both_stores
def test_a_create_that_is_answered_with_a_key_that_cannot_be_kept_waits_for_a_person(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", "2", **{**ANN, "given": "Bo", "mail": "bo@lee.example"})

    class Long(MemoryConnector):
        def write(self, stream: Stream, changes: Any) -> Any:
            for change in changes:
                made = self._one(stream, change)
                if self.memory is w.systems["crm"] and made.record["given"] == "Ann":
                    there = self.memory.records["people"]
                    there[LONG] = {**there.pop(made.key), "key": LONG}
                    made = Written(change, LONG)
                yield made

    plain = w.ws.connect
    w.ws.connect = lambda name: Long(w.systems[name], list(plain(name).streams.values()))
    for _ in range(2):
        with pytest.raises(RunFailed, match="a person has to look up"):
            w.sync()
    assert w.persons("crm") == {"Ann": 1, "Bo": 1}
    (parked,) = w.rows("Parked")
    assert "cannot be kept" in parked["waits_for"]


def test_the_six_letters_of_an_escaped_nul_are_text_like_any_other() -> None:
    for said in ("\\u0000", "\\\\u0000", "x\\\\\\u0000"):
        assert orjson.loads(payload({"a": said})) == {"a": said}
    for said in ("\0", "\\\0", "\\\\\0", "\\u0000\0"):
        with pytest.raises(RecordRejected):
            payload({"a": said})


class Speaking(MemoryConnector):
    """Says `words` of what it is asked, in the way `act` names."""

    act, words = "", ""

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        if self.act == "history lost" and since:
            raise HistoryLost(self.words)
        return super().read(stream, since)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        for change in changes:
            if self.act == "refused":
                yield Rejected(change, [self.words])
            elif self.act in ("lost", "look-up refused"):
                yield Unknown(change, self.words)
            elif self.act == "down":
                raise Unavailable(self.words)
            else:
                yield from super().write(stream, [change])

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        if self.act == "look-up refused":
            raise RecordRejected(self.words)
        return super().find(stream, change)


@pytest.mark.both_stores
@pytest.mark.parametrize("words", [f"so{NUL}", f"so{HALF}"], ids=ascii)
@pytest.mark.parametrize(
    ("act", "table", "column"),
    [
        ("refused", "Intent", "reasons"),
        ("refused", "Rejected", "reasons"),
        ("lost", "Intent", "reasons"),
        ("look-up refused", "Parked", "waits_for"),
        ("down", "Step", "error"),
        ("history lost", "Entry", "body"),
    ],
)
def test_what_a_connector_tells_is_kept_whatever_characters_it_tells_it_in(
    world: Any, act: str, table: str, column: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    w = world(erp=Memory(settle_seconds=0.0), crm=Memory())
    plain = w.ws.connect
    told = type("Told", (Speaking,), {"act": act, "words": words})
    w.ws.connect = lambda name: (
        told(w.systems[name], list(plain(name).streams.values())) if name == "erp" else plain(name)
    )
    w.systems["crm"].put("people", "1", **ANN)
    for _ in range(3):
        with suppress(Unavailable, RunFailed):
            w.sync()
    kept = [str(row[column]) for row in w.rows(table) if row[column]]
    assert any("soa" in text for text in kept)
    assert all(storable(text) for text in (*kept, *caplog.messages))
