"""Long lists, long orders, and a shop that asks us to wait."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.shopify.window import Window
from crossroads import registry
from crossroads.connector import Connector
from crossroads.errors import ConfigError, Unavailable
from crossroads.records import State
from crossroads.testkit.contract import QUICK
from sandbox.serve import running
from sandbox.shopify import ACCESS, create


def customers(count: int, *, same_time: bool = False) -> list[dict[str, Any]]:
    minute = 0 if same_time else 1
    return [
        {
            "id": f"gid://shopify/Customer/{n}",
            "firstName": "A",
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": f"2026-01-01T10:{n // 3 * minute % 60:02d}:00Z",
        }
        for n in range(1, count + 1)
    ]


def opened(url: str, **options: Any) -> Connector[Any]:
    settings = {"base_url": url, "token": ACCESS}
    return registry.open("shopify", settings, {"customers": options}, retries=QUICK)


@pytest.mark.parametrize("same_time", [False, True])
def test_a_list_longer_than_shopify_gives_is_read_in_several_lists_without_repeating(same_time: bool) -> None:
    seed = {"customers": customers(50, same_time=same_time)}
    with running(create(seed, "demo")) as url, opened(url, page_size=4, restart_after=10) as shop:
        batches = list(shop.read(shop.streams["customers"], State()))
    keys = [record["id"] for batch in batches for record in batch.records]
    assert len(keys) == len(set(keys)) == 50
    assert [batch.last for batch in batches] == [False] * (len(batches) - 1) + [True]


def test_an_overlap_reads_what_the_search_index_learned_late() -> None:
    assert (
        Window(State({"updated_at": "2026-01-01T10:00:00Z"}), 300, 9).query
        == "updated_at:>='2026-01-01T09:55:00Z'"
    )


def test_reading_the_overlap_again_never_moves_the_cursor_back() -> None:
    window = Window(State({"updated_at": "2026-01-01T10:00:00Z"}), 300, 9)
    window.fresh([{"id": "1", "updatedAt": "2026-01-01T09:58:00Z"}])
    assert window.state == State({"updated_at": "2026-01-01T10:00:00Z"})


def test_reading_can_start_at_a_time() -> None:
    with running(create({"customers": customers(9)}, "demo")) as url, opened(url, overlap_seconds=0) as shop:
        stream = shop.streams["customers"]
        found = [
            r["id"]
            for b in shop.read(stream, shop.state_at(stream, "2026-01-01T10:02:00Z"))
            for r in b.records
        ]
    assert found == [f"gid://shopify/Customer/{n}" for n in (6, 7, 8, 9)]


def test_an_order_comes_with_all_its_lines() -> None:
    lines = [{"sku": f"S{n}", "quantity": 1} for n in range(300)]
    order = {"id": "gid://shopify/Order/1", "name": "#1001", "lineItems": lines}
    with running(create({"orders": [order]}, "demo")) as url, opened(url) as shop:
        (batch,) = shop.read(shop.streams["orders"], State())
    assert [line["sku"] for line in batch.records[0]["lineItems"]] == [f"S{n}" for n in range(300)]


@pytest.fixture
def small() -> Iterator[str]:
    """A shop with the standard plan's limits: 2,000 points, 100 a second."""
    with running(create({"customers": customers(9)}, "vendor")) as url:
        yield url


def spend(url: str, times: int) -> dict[str, Any]:
    query = "query($n:Int){customers(first:$n){nodes{id defaultAddress{id} defaultPhoneNumber{phoneNumber}}}}"
    for _ in range(times):
        answer = requests.post(
            f"{url}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": {"n": 249}},
            headers={"X-Shopify-Access-Token": ACCESS},
            timeout=10,
        ).json()
    said: dict[str, Any] = answer
    return said


def test_a_shop_without_points_left_says_how_long_to_wait(small: str) -> None:
    with opened(small, page_size=190) as shop:
        # Each costs 749 points beforehand and gives most of them back, so the bucket empties slowly.
        while "errors" not in spend(small, 20):
            pass
        with pytest.raises(Unavailable) as caught:
            list(shop.read(shop.streams["customers"], State()))
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after < 10


def test_a_page_that_costs_too_much_is_a_matter_of_settings(small: str) -> None:
    with opened(small, page_size=250) as shop, pytest.raises(ConfigError, match="MAX_COST_EXCEEDED"):
        list(shop.read(shop.streams["customers"], State()))


def test_an_unknown_version_is_a_matter_of_settings(small: str) -> None:
    settings = {"base_url": small, "token": ACCESS, "api_version": "2019-01"}
    with registry.open("shopify", settings) as shop, pytest.raises(ConfigError, match="api_version"):
        shop.check()
