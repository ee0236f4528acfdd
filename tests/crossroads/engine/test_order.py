"""What waits for what: chains, circles, parents that are deleted, refused, merged or never come, and what has to run first."""

from collections.abc import Callable
from typing import Any

import pytest

from crossroads.audit.aside import set_aside
from crossroads.engine import order, parking, upkeep
from crossroads.errors import ConfigError
from crossroads.mapping import Lens, compiled
from crossroads.mapping.language import Mapping
from crossroads.plan import Plan
from crossroads.testkit.memory import Memory

JAN = "2026-01-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}


def plan(entity: str, stream: str, *connections: str, **more: Any) -> Plan:
    between = [{"connection": name, "stream": stream, **more} for name in connections]
    return Plan.model_validate({"sync": f"{entity}s", "entity": entity, "owner": "tests", "between": between})


def lens(system: str, entity: str, stream: str, **references: str) -> Lens:
    """Return a mapping whose fields point to records of other streams; `_if_there` behind a stream makes it optional."""
    fields: dict[str, Any] = {"reference" if entity == "order" else "given_name": {"at": "name"}}
    for path, to in references.items():
        named, _, optional = to.partition("_if_")
        fields[path] = {
            "at": path,
            "as": "reference",
            "to": "order",
            "stream": named,
            "required": not optional,
        }
    told = {
        "mapping": f"{system}/{entity}",
        "system": system,
        "stream": stream,
        "canonical": entity,
        "key": "key",
    }
    return Lens(compiled(Mapping.model_validate({**told, "fields": fields})))


@pytest.fixture
def chain(world: Callable[..., Any]) -> Any:
    """A shop whose orders point to other orders that must be there first."""
    w = world([plan("order", "orders", "shop")], shop=Memory(page=10))
    w.ws.lenses[("shop", "orders")] = lens("shop", "order", "orders", customer="orders")
    return w


def put(w: Any, key: str, parent: str | None = None) -> None:
    w.systems["shop"].put("orders", key, name=key, customer=parent)


def parked(w: Any) -> dict[str, str]:
    return {row["what"]: row["waits_for"] for row in w.rows("Parked")}


def circles(w: Any) -> list[tuple[str, ...]]:
    with w.store.read() as db:
        return parking.circles(db)


@pytest.mark.parametrize("together", [True, False])
def test_a_chain_is_released_link_by_link_in_one_run(chain: Any, together: bool) -> None:
    for key, parent in (("a", "b"), ("b", "c"), ("c", "d")):
        put(chain, key, parent)
        if not together:
            chain.sync()
    chain.sync()
    assert parked(chain) == {"a": "shop/orders/b", "b": "shop/orders/c", "c": "shop/orders/d"}
    assert circles(chain) == []
    put(chain, "d")
    (summary,) = chain.sync()
    assert parked(chain) == {}
    assert len(chain.rows("Profile")) == 4
    assert summary["members"]["shop.orders"]["pull"]["parked"] == 0


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([("a", "b"), ("b", "a")], [("shop/orders/a", "shop/orders/b")]),
        ([("a", "a")], [("shop/orders/a",)]),
        ([("x", "a"), ("c", "a"), ("a", "b"), ("b", "c")], [("shop/orders/a", "shop/orders/b", "shop/orders/c")]),
        ([("a", "b"), ("b", "a"), ("d", "e"), ("e", "d")],
         [("shop/orders/a", "shop/orders/b"), ("shop/orders/d", "shop/orders/e")]),
        ([("a", "b"), ("b", "c")], []),
    ],
)  # fmt: skip
def test_records_that_wait_for_each_other_are_named(chain: Any, records: Any, found: Any) -> None:
    for key, parent in records:
        put(chain, key, parent)
    chain.sync()
    assert circles(chain) == found
    with chain.store.read() as db:
        told = {one.key: list(one.reasons) for one in set_aside(db)}
    for circle in found:
        for name in circle:
            way = " -> ".join([*circle, circle[0]])
            assert told[name.rpartition("/")[2]] == [f"they wait for each other: {way}"]


def test_a_parent_that_never_comes_is_listed_with_the_time_since_when(chain: Any) -> None:
    put(chain, "a", "nobody")
    chain.sync()
    (first,) = chain.rows("Parked")
    put(chain, "a", "nobody")
    chain.systems["shop"].records["orders"]["a"]["name"] = "changed"
    chain.sync()
    (again,) = chain.rows("Parked")
    assert again["run"] != first["run"], "it was read and parked again"
    assert again["at"] == first["at"]


def test_a_parent_that_is_refused_lets_its_child_wait_until_it_is_corrected(
    world: Callable[..., Any], customer_plan: Callable[..., Plan]
) -> None:
    w = world([customer_plan("shop"), plan("order", "orders", "shop")], shop=Memory())
    w.systems["shop"].put("people", "7", **ANN)
    w.systems["shop"].records["people"]["7"]["key"] = ""  # a record without a key cannot be anybody's parent
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="7", status="open")
    w.sync()
    assert [row["step"] for row in w.rows("Rejected")] == ["pull"]
    assert parked(w) == {"o1": "shop/people/7"}
    w.systems["shop"].put("people", "7", **ANN)
    w.sync()
    assert parked(w) == {}


def test_a_parent_in_another_sync_releases_its_child_whichever_runs_first(
    world: Callable[..., Any], customer_plan: Callable[..., Plan]
) -> None:
    w = world([plan("order", "orders", "shop"), customer_plan("shop")], shop=Memory())
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="7", status="open")
    w.systems["shop"].put("people", "7", **ANN)
    w.sync()
    assert parked(w) == {"o1": "shop/people/7"}
    assert upkeep.release(w.ws) == 1
    assert parked(w) == {}


def test_a_write_whose_parent_was_merged_into_another_goes_on(
    world: Callable[..., Any], customer_plan: Callable[..., Plan]
) -> None:
    orders = plan("order", "orders", "shop", "erp", create="always")
    people = customer_plan("shop", "erp", erp={"create": "needed"})
    w = world(
        [people, orders], shop=Memory(), erp=Memory(refuse=lambda r: "LOCKED" if "given" in r else None)
    )
    w.systems["shop"].put("people", "7", **ANN)
    w.systems["shop"].put("people", "8", **{**ANN, "mail": "other@lee.example", "mobile": "+4915112345678"})
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="8", status="open")
    w.sync()
    (waiting,) = w.rows("Parked")
    w.systems["shop"].put("people", "7", mobile="+4915112345678")
    w.sync()
    assert len({row["id"] for row in w.rows("Profile") if row["entity"] == "customer"}) == 1
    w.systems["erp"].refuse = lambda record: None
    w.sync()
    upkeep.retry(w.ws)
    w.sync()
    upkeep.release(w.ws)
    w.sync()
    assert not w.rows("Parked"), waiting["waits_for"]
    assert len(w.systems["erp"].records["orders"]) == 1


@pytest.mark.parametrize(
    ("streams", "first"),
    [
        ([("b", {}), ("a", {"customer": "b"})], ["b", "a"]),
        ([("a", {"customer": "b"}), ("b", {"customer": "c"}), ("c", {})], ["c", "b", "a"]),
        ([("a", {}), ("b", {})], ["a", "b"]),
        ([("a", {"customer": "b_if_there"}), ("b", {})], ["b", "a"]),
        ([("a", {"customer": "b_if_there"}), ("b", {"customer": "a"})], ["a", "b"]),
        ([("a", {"customer": "b"}), ("b", {"customer": "a"})], ["a", "b"]),
    ],
)
def test_syncs_run_in_the_order_of_what_their_mappings_refer_to(
    world: Callable[..., Any], streams: Any, first: list[str]
) -> None:
    ws = workspace(world, streams)
    assert [one.sync for one in order.ordered(ws)] == first


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ([("a", {"customer": "b"}), ("b", {"customer": "a"})], r"crm\.a needs crm\.b \(customer\), crm\.b needs crm\.a"),
        ([("a", {"customer": "b"}), ("b", {"customer": "c"}), ("c", {"customer": "a"})], r"in a circle"),
        ([("a", {"customer": "z"})], r"No sync names what others need.*crm\.a needs crm\.z \(customer\)"),
        ([("a", {"customer": "b_if_there"}), ("b", {"customer": "a"})], None),
        ([("a", {"customer": "a"})], None),
    ],
)  # fmt: skip
def test_check_names_what_could_never_come_first(
    world: Callable[..., Any], streams: Any, said: str | None
) -> None:
    ws = workspace(world, streams)
    if said is None:
        order.check(ws)
    else:
        with pytest.raises(ConfigError, match=said):
            order.check(ws)


def workspace(world: Callable[..., Any], streams: Any) -> Any:
    plans = [
        Plan.model_validate({"sync": name, "entity": "order", "owner": "tests",
                             "between": [{"connection": "crm", "stream": name}]})
        for name, _ in streams
    ]  # fmt: skip
    w = world([plan("order", "orders", "crm")], crm=Memory())
    w.ws.plans = plans
    w.ws.lenses.update({("crm", name): lens("crm", "order", name, **to) for name, to in streams})
    return w.ws


def test_a_record_whose_parent_was_corrected_waits_no_more(
    world: Callable[..., Any], customer_plan: Any
) -> None:
    between = [{"connection": "shop", "stream": "orders"}]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    w = world([customer_plan("shop"), orders], shop=Memory())
    w.systems["shop"].put("people", "7", **ANN)
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="nobody", status="open")
    w.sync()
    assert len(w.rows("Parked")) == 1
    w.systems["shop"].put("orders", "o1", buyer="7")
    w.sync()
    assert not w.rows("Parked")
    w.systems["shop"].put("orders", "o2", reference="#2", buyer="nobody", status="open")
    w.sync()
    w.systems["shop"].delete("orders", "o2")
    w.sync()
    assert not w.rows("Parked"), "what is gone waits for nobody"


def test_an_order_whose_customer_was_deleted_in_the_target_waits_quietly(
    world: Callable[..., Any], customer_plan: Any
) -> None:
    between = [
        {"connection": "shop", "stream": "orders"},
        {"connection": "erp", "stream": "orders", "create": "always"},
    ]
    orders = Plan.model_validate({"sync": "orders", "entity": "order", "owner": "tests", "between": between})
    w = world([customer_plan("shop", "erp"), orders], shop=Memory(), erp=Memory())
    w.systems["shop"].put("people", "7", **ANN)
    w.sync()
    w.systems["erp"].delete("people", "people-1")
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="7", status="open")
    w.sync()
    w.sync()
    before = w.rows("Parked"), w.rows("Due")
    assert [len(rows) for rows in before] == [1, 0]
    w.sync()
    assert (w.rows("Parked"), w.rows("Due")) == before
