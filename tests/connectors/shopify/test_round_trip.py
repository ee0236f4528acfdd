"""What the mapping says, the connector writes, and the mapping reads back."""

from typing import Any

import pytest

from crossroads.connector import Connector
from crossroads.mapping import load
from crossroads.records import Change, State, Written

LENS = load("shopify", "customer")


@pytest.mark.parametrize(
    "wanted",
    [
        {"given_name": "Zoë", "family_name": None},
        {"emails.main.address": "other@example.com", "phones.mobile.number": None},
        {"phones.mobile.number": "+34612345678", "language": "es"},
        {"addresses.main.street": "Calle Ancha 12", "addresses.main.country": "ES"},
        {"emails.main.address": None, "addresses.main.extra": None, "addresses.main.locality": "Fulda"},
    ],
    ids=lambda wanted: ", ".join(wanted),
)
def test_what_is_written_is_read_and_a_second_write_is_silent(
    shop: Connector[Any], wanted: dict[str, str | None]
) -> None:
    stream = shop.streams["customers"]
    record = next(iter(shop.read(stream, State()))).records[0]
    document = {**LENS.get(record), **wanted}
    patch = LENS.put(document, record)
    assert patch is not None
    (result,) = shop.write(stream, [Change("1", patch.record, record["id"], patch.parts, record)])
    assert isinstance(result, Written), result
    assert result.record is not None
    assert LENS.get(result.record) == document
    assert LENS.put(document, result.record) is None


def test_a_delivery_goes_back_once(shop: Connector[Any], site: Any) -> None:
    lens, stream = load("shopify", "order"), shop.streams["orders"]
    record = next(iter(shop.read(stream, State()))).records[0]
    document = {**lens.get(record), "delivery_status": "delivered"}
    patch = lens.put(document, record)
    assert patch is not None
    (result,) = shop.write(stream, [Change("1", patch.record, record["id"], patch.parts, record)])
    assert isinstance(result, Written)
    assert result.record is not None
    assert lens.put(document, result.record) is None
    assert site.writes()["writes"] == 1
