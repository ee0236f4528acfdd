"""Members: everybody once, later those who joined or were here."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.discourse.connector import Discourse
from crossroads.errors import AuthError, ConfigError, Unavailable
from crossroads.records import Batch, State
from crossroads.testkit.faults import FaultyTransport
from sandbox.discourse.limits import Limits

Opener = Callable[..., Discourse]


def read(forum: Discourse, since: State | None = None) -> list[Batch]:
    return list(forum.read(forum.streams["users"], since or State()))


def ids(batches: list[Batch]) -> list[int]:
    return [record["id"] for batch in batches for record in batch.records]


def test_everybody_is_read_once_with_an_address_and_the_software_itself_is_not(opened: Opener) -> None:
    batches = read(opened())
    assert ids(batches) == list(range(1, 8))
    assert all(record["email"] for batch in batches for record in batch.records)
    assert batches[-1].last


def test_later_only_who_was_here_or_joined_is_read(opened: Opener) -> None:
    connector = opened()
    since = State({"joined": "2026-01-06T12:00:00.000Z", "seen": "2026-02-05T12:00:00.000Z"})
    assert ids(read(connector, since)) == [6, 7]


def test_a_long_absence_is_read_over_several_pages_and_each_member_once(opened: Opener) -> None:
    connector = opened()
    since = State({"joined": "2026-01-02T12:00:00.000Z", "seen": "2026-02-01T12:00:00.000Z"})
    assert ids(read(connector, since)) == [2, 3, 4, 5, 6, 7]


def test_an_interrupted_first_listing_goes_on_at_its_page(opened: Opener) -> None:
    connector = opened(transport := FaultyTransport())
    first = next(iter(connector.read(connector.streams["users"], State())))
    rest = read(connector, first.state)
    assert ids([first, *rest]) == list(range(1, 8))
    assert not any(batch.last for batch in rest), "half a listing proves nobody absent"
    # One call for the page before, and one for each that follows until an empty one.
    assert len(transport.seen) == 1 + 3


def test_details_bring_the_single_sign_on_id_and_keep_the_address(opened: Opener) -> None:
    records = [
        record for batch in read(opened(streams={"users": {"details": True}})) for record in batch.records
    ]
    assert records[0]["single_sign_on_record"] == {"external_id": "sso-1"}
    assert records[0]["email"] == "member1@example.com"


def test_a_wrong_key_is_an_auth_error_although_the_forum_answers_403(opened: Opener) -> None:
    with pytest.raises(AuthError, match="invalid_access"):
        opened(api_key="wrong").check()


def test_a_key_that_is_no_administrators_is_named_by_check(opened: Opener) -> None:
    with pytest.raises(ConfigError, match="administrator"):
        opened(api_username="Member1").check()


class TestWhenTheMinuteIsUsedUp:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(users_page=3, calls_per_minute=1)

    def test_it_waits_as_long_as_the_body_says(self, opened: Opener) -> None:
        connector: Any = opened()
        connector.check()
        with pytest.raises(Unavailable) as caught:
            read(connector)
        assert caught.value.retry_after is not None
        assert 50 <= caught.value.retry_after <= 60
