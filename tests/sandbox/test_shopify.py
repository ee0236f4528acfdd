"""The stand-in refuses what Shopify refuses, and counts what was written."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.serve import running
from sandbox.shopify import ACCESS, create
from sandbox.shopify.app import SCRIPT
from sandbox.shopify.cost import Bucket
from sandbox.stage import Stage

Ask = Callable[..., dict[str, Any]]
CREATE = "mutation($i:CustomerInput!){customerCreate(input:$i){customer{id} userErrors{field message}}}"
PLACE = """mutation($o:OrderCreateOrderInput!){orderCreate(order:$o){
  order{id name customer{id} totalPriceSet{shopMoney{amount}} lineItems(first:5){nodes{sku}}}
  userErrors{message}}}"""


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, str]]:
    app = Stage()
    with running(app) as url:
        yield app, url


@pytest.fixture
def site(stage: tuple[Stage, str]) -> str:
    app, url = stage
    app.app = create({"customers": [{"id": "gid://shopify/Customer/1", "firstName": "A"}]}, "vendor")
    return url


@pytest.fixture
def ask(site: str) -> Ask:
    def asked(query: str, token: str = ACCESS, **variables: Any) -> dict[str, Any]:
        answer = requests.post(
            f"{site}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": token},
            timeout=10,
        )
        assert answer.status_code == 200 or token == "wrong"
        said: dict[str, Any] = answer.json()
        return said

    return asked


def test_a_wrong_token_is_refused_with_plain_text(ask: Ask) -> None:
    assert "Invalid API key" in ask("{shop{name}}", token="wrong")["errors"]


@pytest.mark.parametrize(
    "query",
    [
        "{customers(first:1){nodes{phoneNumber}}}",
        "{customers(first:1,since:3){nodes{id}}}",
        "{customers(first:1,sortKey:NAMES){nodes{id}}}",
        "{customers{nodes{id}}}",
        "{customers(first:251){nodes{id}}}",
        '{customers(first:1,query:"phone:1"){nodes{id}}}',
        '{nodes(ids:["1"]){id}}',
    ],
)
def test_what_the_schema_does_not_know_is_an_error(ask: Ask, query: str) -> None:
    assert ask(query)["errors"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "no address"}, ["email"]),
        ({"phone": "call me"}, ["phone"]),
        ({"firstName": "A" * 256}, ["firstName"]),
        ({"firstName": "A", "locale": "xx"}, ["locale"]),
        ({}, None),
        (
            {"firstName": "A", "addresses": [{"countryCode": "US", "provinceCode": "ZZ"}]},
            ["address", "province"],
        ),
    ],
)
def test_what_the_shop_refuses_is_a_user_error(
    ask: Ask, given: dict[str, Any], field: list[str] | None
) -> None:
    payload = ask(CREATE, i=given)["data"]["customerCreate"]
    assert payload["customer"] is None
    assert [error["field"] for error in payload["userErrors"]] == [field]


def test_an_email_belongs_to_one_customer(ask: Ask) -> None:
    assert not ask(CREATE, i={"email": "a@example.com"})["data"]["customerCreate"]["userErrors"]
    (error,) = ask(CREATE, i={"email": "A@example.com"})["data"]["customerCreate"]["userErrors"]
    assert error["message"] == "Email has already been taken"


def test_a_shopper_places_an_order_that_is_not_counted_as_ours(ask: Ask, site: str) -> None:
    line = {
        "sku": "TG11",
        "title": "Mug",
        "quantity": 2,
        "priceSet": {"shopMoney": {"amount": "5", "currencyCode": "EUR"}},
    }
    order = {"lineItems": [line], "customer": {"toAssociate": {"id": "gid://shopify/Customer/1"}}}
    made = ask(PLACE, token=SCRIPT, o=order)["data"]["orderCreate"]["order"]
    assert (made["name"], made["customer"]["id"]) == ("#1001", "gid://shopify/Customer/1")
    assert made["totalPriceSet"]["shopMoney"]["amount"] == "10.00"
    assert ask(PLACE, o={**order, "name": "#7"})["data"]["orderCreate"]["order"]["name"] == "#7"
    counted = requests.get(f"{site}/_sandbox/writes", timeout=10).json()
    assert (counted["writes"], counted["creates"], counted["updates"]) == (1, 1, 0)


def test_points_come_back_with_time() -> None:
    now = [0.0]
    bucket = Bucket(100, 10, clock=lambda: now[0])
    assert bucket.take(90)
    assert not bucket.take(20)
    now[0] = 1.0
    assert bucket.take(20)


def test_an_answer_says_what_it_cost_and_what_is_left(ask: Ask) -> None:
    cost = ask("{customers(first:50){nodes{id defaultAddress{id}} pageInfo{hasNextPage}}}")["extensions"][
        "cost"
    ]
    assert cost["requestedQueryCost"] == 102
    assert cost["actualQueryCost"] == 3
    assert cost["throttleStatus"]["restoreRate"] == 100
    assert cost["throttleStatus"]["currentlyAvailable"] >= 1996
