"""Why is a value what it is: what an explanation says, and that it is what the store decided."""

import logging
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from crossroads import engine
from crossroads.audit.explain import Explanation, Field, explain
from crossroads.errors import ConfigError
from crossroads.plan import Plan
from crossroads.testkit.memory import Memory

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}


def field(one: Explanation, path: str) -> Field:
    return next(field for field in one.fields if field.path == path)


def others(one: Explanation, path: str) -> list[tuple[str, Any, str]]:
    return [
        (word.record, word.value, word.at[:10] if word.own else "ours") for word in field(one, path).others
    ]


@pytest.fixture
def known(world: Callable[..., Any]) -> Any:
    """Ann in two systems; the CRM's city is newer and was written to the ERP."""
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **{**ANN, "city": "Köln", "changed": FEB})
    w.sync()
    return w


def test_every_field_says_what_the_store_decided(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    w.systems["erp"].put("people", "1", **{**ANN, "street": "Markt 1"})
    w.systems["crm"].put("people", "a", **{**ANN, "city": "Köln", "mobile": "+4915112345678", "changed": FEB})
    w.systems["shop"].put("people", "7", **{**ANN, "given": "Anna", "changed": MAR})
    w.systems["shop"].put("people", "8", given="Bo", mail="bo@ek.example", changed=MAR)
    w.sync()
    w.systems["crm"].put("people", "a", family="Lee-Ek", changed="2026-04-01T00:00:00Z")
    w.sync(full=True)
    ids = {f"{row['connection']}/{row['stream']}/{row['key']}": row["id"] for row in w.rows("Contribution")}
    stored = w.rows("Profile")
    assert len(stored) == 2
    for row in stored:
        one = explain(w.ws, row["id"])
        document, provenance = orjson.loads(row["document"]), orjson.loads(row["provenance"])
        assert {f.path: f.value for f in one.fields} == document
        assert {f.path: [ids[f.record], f.rule, f.at, f.run, f.mapping] for f in one.fields} == provenance
        assert all(f.settled for f in one.fields)


def test_a_losing_value_is_shown_with_its_own_time_beside_the_value_that_came_from_us(known: Any) -> None:
    one = explain(known.ws, "erp/people/1")
    assert field(one, "addresses.main.locality").record == "crm/people/a"
    expected = [("erp/people/1", "Bonn", "2026-01-01"), ("erp/people/1", "Köln", "ours")]
    assert others(one, "addresses.main.locality") == expected
    known.sync(full=True)  # reads our own write back: it stays ours
    assert others(explain(known.ws, "erp/people/1"), "addresses.main.locality") == expected


def test_a_value_that_others_say_too_is_not_lost(known: Any) -> None:
    assert others(explain(known.ws, "erp/people/1"), "given_name") == [("erp/people/1", "Ann", "2026-01-01")]


def test_a_field_that_comes_with_its_group_says_so(known: Any) -> None:
    assert field(explain(known.ws, "erp/people/1"), "addresses.main.locality").together == "addresses.main"


def test_a_ranked_field_says_the_ranking(world: Callable[..., Any], customer_plan: Any) -> None:
    between = [{"connection": name, "stream": "orders", "create": "always"} for name in ("shop", "erp")]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    w = world([customer_plan("erp", "shop"), orders], erp=Memory(), shop=Memory())
    for name, key in (("shop", "7"), ("erp", "1")):
        w.systems[name].put("people", key, **ANN)
        w.systems[name].put("orders", "o1", reference="#1", buyer=key, status="open")
    w.sync()
    one = explain(w.ws, "shop/orders/o1")
    assert field(one, "reference").rule == "ranked"
    assert "sap_s4" in field(one, "reference").ranking


def test_a_record_that_changed_and_is_not_settled_yet_is_marked(known: Any) -> None:
    known.systems["erp"].put("people", "1", family="Ek", changed=MAR)
    (plan,) = known.plans
    engine.begin(known.ws, plan, "half")
    engine.pull(known.ws, plan, "erp.people", "half")
    one = explain(known.ws, "erp/people/1")
    assert field(one, "family_name").value == "Lee"
    assert [f.path for f in one.fields if not f.settled] == ["family_name"]
    known.sync()
    assert all(f.settled for f in explain(known.ws, "erp/people/1").fields)


def test_a_value_that_came_to_be_said_by_another_record_is_marked_too(known: Any) -> None:
    (plan,) = known.plans
    for number, family in enumerate(("Ek", "Lee")):
        known.systems["erp"].put("people", "1", family=family, changed=MAR)
        engine.begin(known.ws, plan, f"half-{number}")
        engine.pull(known.ws, plan, "erp.people", f"half-{number}")
    one = explain(known.ws, "erp/people/1")
    assert (field(one, "family_name").value, field(one, "family_name").record) == ("Lee", "crm/people/a")
    assert [f.path for f in one.fields if not f.settled] == ["family_name"]


def test_links_name_the_weight_with_its_model_and_the_create(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(), shop=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **ANN)
    w.sync()
    one = explain(w.ws, "erp/people/1")
    evidence = {record.address: list(record.evidence) for record in one.records}
    why = dict(evidence["erp/people/1"])["crm/people/a"]
    _, bits, version = why.split(":")
    assert version == w.ws.model.version
    assert float(bits) > w.ws.model.threshold
    ((_, why),) = evidence["shop/people/people-1"]
    assert why == "created"
    (fact,) = one.assertions
    assert fact.kind == "created"
    (write,) = one.writes
    assert (write.to, write.key, write.state) == ("shop/people", None, "written")
    assert write.document["given_name"] == "Ann"
    assert [line.kind for line in one.history] == ["settle", "write"]


def test_a_merged_id_leads_to_the_living_profile(world: Callable[..., Any], customer_plan: Any) -> None:
    w = world([customer_plan("erp", "crm", create="never")], erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **{**ANN, "mail": "other@lee.example"})
    w.sync()
    first, second = (row["profile"] for row in sorted(w.rows("Link"), key=lambda row: row["contribution"]))
    w.systems["crm"].put("people", "a", mail="ann@lee.example", changed=FEB)
    w.sync()
    one = explain(w.ws, second)
    assert one.id == first
    assert [(step.kind, step.before, step.after) for step in one.way] == [("merged", second, first)]
    assert {record.address for record in one.records} == {"erp/people/1", "crm/people/a"}
    assert explain(w.ws, first).way == []
    w.systems["crm"].put("people", "a", given="Peter", changed=MAR)
    w.sync()
    assert [step.kind for step in explain(w.ws, first).lineage] == ["merged", "split"]


def test_a_stream_that_no_sync_names_any_more_says_nothing(known: Any, customer_plan: Any) -> None:
    known.plans[:] = [customer_plan("erp")]
    known.ws = known.workspace()
    one = explain(known.ws, "erp/people/1")
    assert {record.address: record.rests for record in one.records} == {
        "erp/people/1": False,
        "crm/people/a": True,
    }
    assert others(one, "given_name") == [("erp/people/1", "Ann", "2026-01-01")]


@pytest.mark.parametrize("name", ["nothing", "erp/people/99", "erp/people", "/", ""])
def test_a_name_nothing_has_is_refused_with_what_to_do(known: Any, name: str) -> None:
    with pytest.raises(ConfigError, match="crossroads profiles --find"):
        explain(known.ws, name)


def test_an_explanation_logs_nothing(known: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        explain(known.ws, "erp/people/1")
    assert not caplog.records


def test_an_explanation_changes_no_row(known: Any) -> None:
    names = ("Profile", "Contribution", "Link", "Due", "Intent", "Entry")
    before = {name: known.rows(name) for name in names}
    explain(known.ws, "erp/people/1")
    assert {name: known.rows(name) for name in names} == before
