"""Discourse keeps the connector contract."""

from collections.abc import Callable

import pytest

from crossroads.connector import Connector
from crossroads.testkit.contract import ConnectorContract
from crossroads.testkit.faults import FaultyTransport


class TestDiscourse(ConnectorContract):
    system = "discourse"

    @pytest.fixture
    def connector(self, opened: Callable[..., Connector], transport: FaultyTransport) -> Connector:
        return opened(transport, streams={"posts": {"reread": 4}})
