"""Mastodon keeps the connector contract."""

from typing import Any, ClassVar

import pytest

from crossroads.connector import Connector
from crossroads.records import Change, Record, Stream
from crossroads.testkit.contract import ConnectorContract


class TestMastodon(ConnectorContract):
    system: ClassVar[str] = "mastodon"
    new_record: ClassVar[dict[str, Record]] = {"statuses": {}}
    refused_record: ClassVar[dict[str, Record]] = {"statuses": {"status": "Hello", "in_reply_to_id": "77"}}

    @pytest.fixture
    def connector(self, social: Connector[Any], instance: Any) -> Connector[Any]:
        self.instance = instance
        return social

    def create(self, stream: Stream) -> Change:
        asked = self.instance.ask("ana")
        return Change(f"change-{asked['id']}", {"status": "On its way.", "in_reply_to_id": asked["id"]})

    def test_the_same_change_tried_twice_publishes_once(self, connector: Connector[Any]) -> None:
        stream = connector.streams["statuses"]
        change = self.create(stream)
        first, again = (next(iter(connector.write(stream, [change]))) for _ in range(2))
        assert first.key == again.key  # type: ignore[union-attr]
        assert len(connector.find(stream, change)) == 1
