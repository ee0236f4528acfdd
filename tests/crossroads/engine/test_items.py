"""An item that is taken out of a list, an order line for one, is ordered nowhere, and is left where it was ordered already."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from crossroads import engine
from crossroads.audit.aside import set_aside
from crossroads.engine.replay import replay
from crossroads.engine.survivorship import Policy, Rule, Source, Survivorship
from crossroads.mapping import Lens, compiled
from crossroads.mapping.language import Mapping
from crossroads.plan import Plan
from crossroads.records import Change, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

A, B, C = ({"sku": sku, "quantity": 1} for sku in ("A-1", "B-2", "C-3"))
JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))


def lens(system: str, **more: Any) -> Lens:
    fields = {
        "sku": {"at": "sku"},
        "quantity": {"at": "quantity", "as": "decimal", "form": "number"},
    }
    told = {
        "mapping": f"{system}/order",
        "system": system,
        "stream": "orders",
        "canonical": "order",
        "key": "key",
        "identity": ["reference"],
        "fields": {"reference": {"at": "reference"}},
        "items": {"lines": {"at": "items", "key": "sku", "fields": fields, **more}},
    }
    return Lens(compiled(Mapping.model_validate(told)))


@pytest.fixture
def w(world: Callable[..., Any]) -> Any:
    """A shop whose orders an ERP gets; of order #1 it has two lines."""
    between = [{"connection": n, "stream": "orders", "create": "always"} for n in ("shop", "erp")]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    made = world([orders], shop=Memory(), erp=Memory())
    for name in ("shop", "erp"):
        made.ws.lenses[name, "orders"] = lens(name)
    made.systems["shop"].put("orders", "o1", reference="#1", items=[A, B])
    return made


def lines(w: Any, system: str) -> list[Any]:
    (record,) = w.systems[system].records["orders"].values()
    return [(item["sku"], item["quantity"]) for item in record["items"]]


def golden(w: Any) -> set[str]:
    (profile,) = w.rows("Profile")
    return {p.split(".")[1] for p in json.loads(profile["document"]) if p.startswith("lines.")}


def held(w: Any, system: str) -> set[str]:
    (row,) = [row for row in w.rows("Contribution") if row["connection"] == system]
    said = json.loads(row["holds"]).items()
    return {p.split(".")[1] for p, value in said if p.startswith("lines.") and value is not None}


def listed(w: Any) -> list[tuple[str, str]]:
    return sorted((row["connection"], row["path"]) for row in w.rows("Notice"))


@pytest.mark.parametrize("now", [[A], [A, C], []], ids=["one less", "another", "none"])
def test_a_line_that_is_taken_out_while_its_order_waits_is_not_ordered(w: Any, now: list[Any]) -> None:
    w.systems["erp"].refuse = lambda record: "LOCKED"
    w.sync()
    w.systems["erp"].refuse = lambda record: None
    w.systems["shop"].put("orders", "o1", items=now)
    w.sync()
    (made,) = w.systems["erp"].records["orders"].values()
    assert made.get("items", []) == now
    assert golden(w) == {item["sku"] for item in now}
    writes = w.writes()
    w.sync(full=True)
    assert (w.writes(), listed(w)) == (writes, [])


def test_a_line_that_was_ordered_is_left_there_and_listed_until_somebody_takes_it_out(w: Any) -> None:
    w.sync()
    writes = w.writes()
    w.systems["shop"].put("orders", "o1", items=[A])
    w.sync()
    assert golden(w) == {"A-1"}
    assert lines(w, "erp") == [("A-1", 1), ("B-2", 1)]
    assert listed(w) == [("erp", "lines.B-2")]
    w.systems["erp"].put("orders", "orders-1", note="nothing of ours")
    w.sync()
    assert listed(w) == [("erp", "lines.B-2")]
    w.systems["erp"].put("orders", "orders-1", items=[A, {**B, "quantity": 5}])
    w.sync()
    assert golden(w) == {"A-1"}, "who has an article from us only cannot keep its line by a quantity"
    w.systems["erp"].put("orders", "orders-1", items=[A])
    w.sync()
    with w.store.read() as db:
        assert list(set_aside(db)) == []
    assert w.writes() == writes


def test_a_line_that_comes_back_is_an_item_as_before(w: Any) -> None:
    w.sync()
    for items, golden_, notices in (([B], {"B-2"}, [("erp", "lines.A-1")]), ([B, A], {"A-1", "B-2"}, [])):
        w.systems["shop"].put("orders", "o1", items=items)
        w.sync()
        assert (golden(w), listed(w)) == (golden_, notices)
    assert len(w.systems["erp"].writes) == 1


def test_a_line_that_the_target_takes_out_is_out_by_the_rule_of_its_list(w: Any) -> None:
    w.sync()
    w.systems["erp"].put("orders", "orders-1", items=[A])
    w.sync()
    assert golden(w) == {"A-1"}
    assert listed(w) == [("shop", "lines.B-2")]
    w.ws.lenses["shop", "orders"] = lens("shop", flow="in")
    w.sync(full=True)
    assert listed(w) == [], "nothing is ever sent of that list"


def meanwhile(w: Any, *, where: str) -> None:
    """Let somebody in the ERP take a line out before our next look, or between our write and its answer."""
    plain, done = w.ws.connect, list[str]()

    def edit() -> None:
        if not done:
            done.append("edited")
            w.systems["erp"].put("orders", "orders-1", items=[A])

    class Edited(MemoryConnector):
        def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Any]:
            if where == "look" and self.memory is w.systems["erp"]:
                edit()
            return super().fetch(stream, keys)

        def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
            if where == "write" and self.memory is w.systems["erp"]:
                edit()
            yield from super().write(stream, changes)

    w.ws.connect = lambda name: Edited(w.systems[name], list(plain(name).streams.values()))


@pytest.mark.parametrize("where", ["look", "write"])
def test_a_line_that_is_taken_out_under_our_hands_is_taken_in(w: Any, where: str) -> None:
    w.sync()
    w.systems["shop"].put("orders", "o1", reference="#1a")
    meanwhile(w, where=where)
    plan = w.plans[0]
    w.ws.plans[0].between[1].__dict__["read"] = False
    w.run(plan)
    assert held(w, "erp") == {"A-1"}
    assert w.systems["erp"].value("orders", "orders-1", "reference") == "#1a"


def test_a_comparison_tells_of_a_line_that_is_there_no_more(w: Any) -> None:
    w.sync()
    w.systems["erp"].put("orders", "orders-1", items=[A])
    report = engine.reconcile(w.ws, w.plans[0])
    assert {stream.name: dict(stream.against) for stream in report.streams if stream.against} == {
        "erp.orders": {"stale": 1}
    }


@pytest.mark.parametrize("again", ["replay", "sync"])
def test_lines_that_a_new_mapping_calls_otherwise_are_no_further_lines(w: Any, again: str) -> None:
    w.ws.plans[0].between[1].__dict__["write"] = False
    w.systems["shop"].put("orders", "o1", items=[{**A, "line": 10}, {**B, "line": 20}])
    w.sync()
    w.ws.lenses["shop", "orders"] = lens("shop", key="line")
    if again == "replay":
        replay(w.ws, "shop", "orders")
        w.ws.plans[0].between[0].__dict__["read"] = False
    w.sync()
    assert golden(w) == {"10", "20"}


def test_a_list_that_is_taken_out_of_a_mapping_leaves_its_lines_where_they_are(w: Any) -> None:
    w.sync()
    writes = w.writes()
    told = lens("shop").mapping
    w.ws.lenses["shop", "orders"] = Lens(replace(told, version="another", lists=()))
    w.sync()
    w.sync(full=True)
    assert golden(w) == set()
    assert lines(w, "erp") == [("A-1", 1), ("B-2", 1)]
    assert (w.writes(), listed(w)) == (writes, [])


def test_a_list_whose_items_show_their_key_no_more_is_set_aside(w: Any) -> None:
    w.sync()
    w.systems["shop"].put("orders", "o1", items=[{"quantity": 3}, {"quantity": 4}])
    w.sync()
    assert golden(w) == {"A-1", "B-2"}
    assert listed(w) == [("shop", "lines")]
    w.systems["shop"].put("orders", "o1", items=[{"quantity": 3}, A])
    w.sync()
    assert golden(w) >= {"A-1", "B-2"}, "the one without a key may be B-2"


# who says that it is gone, who says that it is there, and what is golden

TABLE: list[tuple[str, dict[str, Any], str, str, set[str]]] = [
    ("newest", {}, JAN, FEB, set()),
    ("newest", {}, FEB, JAN, {"sku", "quantity"}),
    ("ranked", {"systems": ("shop", "erp")}, FEB, JAN, set()),
    ("ranked", {"systems": ("erp", "shop")}, JAN, FEB, {"sku", "quantity"}),
    ("most_complete", {}, JAN, FEB, {"sku", "quantity"}),
    ("longest_standing", {}, JAN, FEB, {"sku", "quantity"}),
]


@pytest.mark.parametrize(("rule", "more", "there", "out", "left"), TABLE, ids=range(len(TABLE)))
def test_a_line_is_golden_whole_or_not_at_all(
    rule: str, more: dict[str, Any], there: str, out: str, left: set[str]
) -> None:
    policy = Survivorship({"order": Policy(default=Rule(rule=rule, **more))})  # type: ignore[arg-type]
    lists, line = frozenset({"lines"}), {"lines.B.sku": "B", "lines.B.quantity": "2"}
    shop = Source("1", "shop/o/1", "shop", "m", dict.fromkeys(line), out, lists=lists)
    erp = Source("2", "erp/o/1", "erp", "m", line, there, lists=lists)
    for sources in ([shop, erp], [erp, shop]):
        document, why = policy.golden("order", sources)
        assert {path.rpartition(".")[2] for path in document} == left
        assert why.keys() == document.keys()
        assert None not in document.values()
    assert policy.golden("order", [shop]) == ({}, {})


def test_what_another_record_has_as_a_field_of_its_own_is_emptied_and_no_item() -> None:
    mail = "emails.work.address"
    desk = Source("1", "desk/p/1", "desk", "m", {mail: None}, FEB, lists=frozenset({"emails"}))
    crm = Source("2", "crm/p/1", "crm", "m", {mail: "a@x.example"}, JAN)
    document, _ = Survivorship({"customer": Policy(default=Rule(rule="newest"))}).golden(
        "customer", [desk, crm]
    )
    assert document == {mail: None}
