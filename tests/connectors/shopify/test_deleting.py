"""A shop tells of no deleted customer: who its whole list does not show is asked for by id."""

from typing import Any

from crossroads.connector import Connector
from crossroads.records import State

DELETE = (
    "mutation ($id: ID!) { customerDelete(input: {id: $id}) { deletedCustomerId userErrors { message } } }"
)


def gid(number: int) -> str:
    return f"gid://shopify/Customer/{number}"


def test_a_list_of_customers_comes_with_the_shops_own_count_and_its_end(shop: Connector[Any]) -> None:
    batches = list(shop.read(shop.streams["customers"], State()))
    assert [(batch.last, batch.total) for batch in batches] == [(True, 5)]
    again = list(shop.read(shop.streams["customers"], batches[-1].state))
    assert not any(batch.last or batch.total for batch in again), "what changed says nothing about the others"


def test_a_deleted_customer_is_not_listed_not_counted_and_not_there(site: Any, shop: Connector[Any]) -> None:
    refused = site.ask(DELETE, id=gid(101))["data"]["customerDelete"]
    assert refused["deletedCustomerId"] is None, "who has orders stays"
    assert site.ask(DELETE, id=gid(105))["data"]["customerDelete"]["userErrors"] == []
    (batch,) = shop.read(shop.streams["customers"], State())
    assert (gid(105) in [one["id"] for one in batch.records], batch.last, batch.total) == (False, True, 4)
    assert [one["id"] for one in shop.fetch(shop.streams["customers"], [gid(104), gid(105)])] == [gid(104)]


def test_the_stand_in_counts_no_further_than_it_is_told(site: Any) -> None:
    asked = "query { customersCount(limit: 3) { count precision } }"
    assert site.ask(asked)["data"]["customersCount"] == {"count": 3, "precision": "AT_LEAST"}
