"""Shopify keeps the connector contract."""

from typing import Any, ClassVar

import pytest
from requests import PreparedRequest

from crossroads.connector import Connector
from crossroads.records import Change, Record, Stream
from crossroads.testkit.contract import ConnectorContract


class TestShopify(ConnectorContract):
    system: ClassVar[str] = "shopify"
    new_record: ClassVar[dict[str, Record]] = {
        "customers": {
            "firstName": "Nora",
            "lastName": "Sommer",
            "locale": "de",
            "defaultAddress": {
                "address1": "Am Markt 1",
                "city": "Kassel",
                "zip": "34117",
                "countryCodeV2": "DE",
            },
        }
    }
    refused_record: ClassVar[dict[str, Record]] = {
        "customers": {"firstName": "Nora", "defaultEmailAddress": {"emailAddress": "given1@example.com"}}
    }

    @pytest.fixture
    def connector(self, shop: Connector[Any]) -> Connector[Any]:
        return shop

    def writes(self, request: PreparedRequest) -> bool:
        return b'"query":"mutation' in bytes(request.body or b"")  # type: ignore[arg-type]

    def absent_key(self, stream: Stream) -> str:
        return {"customers": "gid://shopify/Customer/999999999", "orders": "gid://shopify/Order/999999999"}[
            stream.name
        ]

    def test_a_create_tried_twice_makes_one_customer(self, connector: Connector[Any]) -> None:
        stream = connector.streams["customers"]
        change = self.create(stream)
        first, again = (next(iter(connector.write(stream, [change]))) for _ in range(2))
        assert first.key == again.key  # type: ignore[union-attr]

    def test_the_reference_names_a_create(self, connector: Connector[Any]) -> None:
        stream = connector.streams["customers"]
        change = Change("c-1", dict(self.new_record["customers"]), reference="r-1")
        (written,) = connector.write(stream, [change])
        (found,) = connector.find(stream, Change("c-2", {}, reference="r-1"))
        assert found.key == written.key  # type: ignore[union-attr]
