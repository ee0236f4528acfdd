"""Acme Shop keeps the connector contract."""

from collections.abc import Callable
from typing import Any

import pytest
from requests.adapters import BaseAdapter

from crossroads.connector import Connector
from crossroads.testkit.contract import ConnectorContract
from crossroads.testkit.faults import FaultyTransport


class TestAcmeShop(ConnectorContract):
    system = "acme_shop"
    new_record = {"customers": {"email": "new@shop.example"}}
    refused_record = {"customers": {"email": "not an address"}}
    reference_field = {"customers": "reference"}

    @pytest.fixture
    def connector(
        self, opened: Callable[[BaseAdapter], Connector[Any]], transport: FaultyTransport
    ) -> Connector[Any]:
        return opened(transport)
