"""What the shop holds after a change, and what is refused."""

from typing import Any

import pytest

from crossroads.connector import Connector
from crossroads.records import Change, Rejected, State, Stream, Unknown, Written
from crossroads.testkit.faults import FaultyTransport

ANN = "gid://shopify/Customer/101"
EVE = "gid://shopify/Customer/105"


def held(shop: Connector[Any], key: str, stream: str = "customers") -> dict[str, Any]:
    (record,) = shop.fetch(shop.streams[stream], [key])
    return record


def write(shop: Connector[Any], *changes: Change, stream: str = "customers") -> list[Any]:
    return list(shop.write(shop.streams[stream], changes))


def test_a_changed_email_is_one_write_and_leaves_the_rest(shop: Connector[Any], site: Any) -> None:
    before = held(shop, ANN)
    change = Change("1", {"defaultEmailAddress": {"emailAddress": "ann@example.com"}}, key=ANN, base=before)
    (result,) = write(shop, change)
    assert isinstance(result, Written)
    assert result.record == held(shop, ANN)
    assert result.record == {
        **before,
        "defaultEmailAddress": {"emailAddress": "ann@example.com"},
        "updatedAt": result.record["updatedAt"],
    }
    assert site.writes()["by_key"] == {ANN: 1}


def test_an_address_is_changed_where_it_lies_and_keeps_its_other_fields(shop: Connector[Any]) -> None:
    before = held(shop, ANN)
    patch = {"defaultAddress": {"city": "Fulda", "zip": "36037"}}
    (result,) = write(shop, Change("1", patch, key=ANN, base=before))
    assert isinstance(result, Written)
    assert result.record is not None
    assert result.record["defaultAddress"] == {**before["defaultAddress"], "city": "Fulda", "zip": "36037"}


def test_a_province_does_not_outlive_a_change_of_the_country(shop: Connector[Any]) -> None:
    american = {"defaultAddress": {"countryCodeV2": "US", "provinceCode": "NY", "zip": "10001"}}
    (result,) = write(shop, Change("1", american, key=ANN, base=held(shop, ANN)))
    moved = {"defaultAddress": {"countryCodeV2": "AT", "zip": "1010"}}
    (result,) = write(shop, Change("2", moved, key=ANN, base=held(shop, ANN)))
    assert isinstance(result, Written), result
    assert held(shop, ANN)["defaultAddress"]["provinceCode"] is None


def test_changes_whose_answer_cannot_be_read_are_not_sent_again_one_by_one(
    shop: Connector[Any], transport: FaultyTransport
) -> None:
    transport.fail("shapeless")
    results = write(shop, *(Change(key, {"firstName": "Eva"}, key=key) for key in (ANN, EVE)))
    assert [type(one) for one in results] == [Unknown, Unknown]
    assert len(transport.seen) == 1


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_missing_address_is_created_once_however_often_we_try(shop: Connector[Any], attempts: int) -> None:
    change = Change(
        "1",
        {"firstName": "Eva", "defaultAddress": {"city": "Fulda"}},
        key=EVE,
        base={"id": EVE, "defaultAddress": None},
    )
    ids = set()
    for _ in range(attempts):
        (result,) = write(shop, change)
        assert isinstance(result, Written)
        assert result.change is change
        ids.add(held(shop, EVE)["defaultAddress"]["id"])
    assert len(ids) == 1
    assert (held(shop, EVE)["firstName"], held(shop, EVE)["defaultAddress"]["city"]) == ("Eva", "Fulda")


def test_a_refused_part_of_a_batch_rejects_only_its_record(shop: Connector[Any]) -> None:
    changes = [
        Change("1", {"firstName": "A"}, key=ANN),
        Change("2", {"defaultEmailAddress": {"emailAddress": "given1@example.com"}}, key=EVE),
        Change("3", {"defaultPhoneNumber": {"phoneNumber": "call me"}}, key="gid://shopify/Customer/102"),
        Change("4", {"firstName": "D"}, key="gid://shopify/Customer/104"),
        Change("5", {"firstName": "X"}, key="gid://shopify/Customer/999"),
    ]
    results = write(shop, *changes)
    assert [type(one) for one in results] == [Written, Rejected, Rejected, Written, Rejected]
    assert "at email" in results[1].reasons[0]
    assert "given1" not in "".join(results[1].reasons)


def test_a_country_the_vendor_does_not_know_rejects_only_its_record(shop: Connector[Any]) -> None:
    changes = [
        Change("1", {"firstName": "A"}, key=ANN),
        Change("2", {"defaultAddress": {"countryCodeV2": "QQ"}}, key=EVE, base=held(shop, EVE)),
        Change("3", {"firstName": "C"}, key="gid://shopify/Customer/103"),
    ]
    assert [type(one) for one in write(shop, *changes)] == [Written, Rejected, Written]
    assert held(shop, ANN)["firstName"] == "A"


def test_a_lost_answer_leaves_every_change_of_the_request_unknown(
    shop: Connector[Any], transport: FaultyTransport
) -> None:
    transport.fail("lost", when=lambda request: b'"query":"mutation' in request.body)
    changes = [Change("1", {"firstName": "A"}, key=ANN), Change("2", {"firstName": "B"}, key=EVE)]
    assert [type(one) for one in write(shop, *changes)] == [Unknown, Unknown]


def test_what_was_written_stays_written_when_it_cannot_be_read_again(
    shop: Connector[Any], transport: FaultyTransport
) -> None:
    change = Change("1", {"defaultAddress": {"city": "Fulda"}}, key=ANN, base=held(shop, ANN))
    transport.fail("busy", times=9, when=lambda request: b"nodes(ids:" in request.body)
    (result,) = write(shop, change)
    assert isinstance(result, Written)
    assert result.record is None


def delivered(key: str = "gid://shopify/Order/901") -> Change:
    return Change("1", {"displayFulfillmentStatus": "FULFILLED"}, key=key)


def test_a_delivered_order_is_fulfilled_once(shop: Connector[Any], site: Any) -> None:
    first, again = write(shop, delivered(), stream="orders") + write(shop, delivered(), stream="orders")
    assert isinstance(first, Written)
    assert isinstance(again, Written)
    assert first.record == held(shop, first.key, "orders") == again.record
    assert first.record is not None
    assert first.record["displayFulfillmentStatus"] == "FULFILLED"
    assert site.writes()["by_key"] == {"gid://shopify/Order/901": 1}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            Change("1", {"displayFulfillmentStatus": "UNFULFILLED"}, key="gid://shopify/Order/901"),
            "only become",
        ),
        (Change("1", {"name": "#7"}, key="gid://shopify/Order/901"), "not name"),
        (Change("1", {"displayFulfillmentStatus": "FULFILLED"}), "creates none"),
        (delivered("gid://shopify/Order/1"), "not there"),
    ],
)
def test_anything_else_of_an_order_is_refused(shop: Connector[Any], change: Change, why: str) -> None:
    (result,) = write(shop, change, stream="orders")
    assert isinstance(result, Rejected)
    assert why in result.reasons[0]


def keys(shop: Connector[Any], stream: Stream, since: State) -> list[str]:
    return [record["id"] for batch in shop.read(stream, since) for record in batch.records]


def test_a_change_is_read_at_the_next_reading(shop: Connector[Any]) -> None:
    stream = shop.streams["customers"]
    state = list(shop.read(stream, State()))[-1].state
    write(shop, Change("1", {"firstName": "Anna"}, key=ANN))
    assert ANN in keys(shop, stream, state)
    assert "gid://shopify/Customer/102" not in keys(shop, stream, state)
