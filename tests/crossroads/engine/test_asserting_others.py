"""Who is told apart again is as he was in every system, his orders and what he wrote included; what is written is shown first."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import orjson
import pytest

from crossroads.engine import reconcile
from crossroads.engine.asserting import APART, SAME, Word, say, shown
from crossroads.plan import Plan
from crossroads.testkit.memory import Memory

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
TOM = {
    "given": "Tom",
    "family": "Berg",
    "mail": "tom@berg.example",
    "city": "Ulm",
    "street": "Gasse 1",
    "changed": FEB,
}
A, B = "crm/people/1", "crm/people/2"

pytestmark = pytest.mark.both_stores


def plan(entity: str, stream: str) -> Plan:
    between = [{"connection": name, "stream": stream, "create": "always"} for name in ("crm", "erp")]
    return Plan.model_validate({"sync": stream, "entity": entity, "owner": "tests", "between": between})


@pytest.fixture
def two(world: Callable[..., Any]) -> Any:
    """Two people of the CRM, each with an order and a post there; the ERP was given all of it."""
    plans = [plan("customer", "people"), plan("order", "orders"), plan("interaction", "posts")]
    w = world(plans, crm=Memory(), erp=Memory())
    for key, one in (("1", ANN), ("2", TOM)):
        w.systems["crm"].put("people", key, **one)
        w.systems["crm"].put("orders", f"o{key}", reference=f"#{key}", buyer=key, status="open")
        w.systems["crm"].put("posts", f"p{key}", reference=f"post {key}", author=key, text=f"words {key}")
    for _ in range(3):
        w.sync()
    return w


def golden(w: Any) -> dict[str, Any]:
    """Return every profile as it is, of people, orders and posts."""
    return {row["id"]: orjson.loads(row["document"]) for row in w.rows("Profile")}


def held(w: Any) -> dict[str, Any]:
    """Return what every system holds, but for its own counts of changes and fields that are empty."""
    own = ("version", "changed", "seq")
    return {
        f"{name}/{stream}/{key}": {
            field: value for field, value in record.items() if field not in own and value
        }
        for name, system in w.systems.items()
        for stream, records in deepcopy(system.records).items()
        for key, record in records.items()
    }


def test_who_is_told_apart_is_as_he_was_with_his_orders_and_his_words(two: Any) -> None:
    profiles, records, persons = golden(two), held(two), two.who()
    assert len(records) == 12
    say(two.ws, Word(A, B, SAME, "Kim", "one card"))
    for _ in range(2):
        two.sync()
    merged = held(two)
    assert {record["family"] for name, record in merged.items() if "/people/" in name} == {"Berg"}
    assert two.who() != persons

    apart = Word(A, B, APART, "Kim", "two cards")
    effects = shown(two.ws, apart).effects
    assert held(two) == merged, "it is only shown"
    say(two.ws, apart)
    before = two.writes()
    for _ in range(2):
        two.sync()
    assert held(two) == records
    assert golden(two) == profiles
    assert two.who() == persons
    told = {(one.record, one.path, one.then) for one in effects}
    assert told >= {("crm/people/1", "family_name", "Lee"), ("crm/people/1", "addresses.main.street", None)}
    assert two.writes() - before == len({one.record for one in effects}), "what was shown is what is written"
    assert all(reconcile(two.ws, one).agrees for one in two.plans)


@pytest.mark.parametrize(("stream", "field"), [("orders", "buyer"), ("posts", "author")])
def test_what_comes_while_two_are_taken_for_one_is_whose_it_is_once_they_are_told_apart(
    two: Any, stream: str, field: str
) -> None:
    say(two.ws, Word(A, B, SAME, "Kim", "one card"))
    two.sync()
    two.systems["crm"].put(stream, "late", reference="late", **{field: "2"})
    for _ in range(2):
        two.sync()
    say(two.ws, Word(A, B, APART, "Kim", "two cards"))
    for _ in range(2):
        two.sync()
    erp = two.systems["erp"].records
    (late,) = [record for record in erp[stream].values() if record["reference"] == "late"]
    assert erp["people"][late[field]]["given"] == "Tom"
    assert two.systems["crm"].records[stream]["late"][field] == "2"
    assert all(reconcile(two.ws, one).agrees for one in two.plans)
