"""Posts come oldest first, each once, however the forum pages."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors.discourse import posts as descent
from connectors.discourse.connector import Discourse
from crossroads.records import Batch, State
from crossroads.testkit.faults import FaultyTransport
from sandbox.discourse.app import API_KEY
from sandbox.discourse.limits import Limits

Opener = Callable[..., Discourse]


def read(forum: Discourse, since: State | None = None) -> tuple[list[int], State]:
    batches = list(forum.read(forum.streams["posts"], since or State()))
    return [post["id"] for batch in batches for post in batch.records], batches[-1].state


def made(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "topic_id": 3, "username": "Member1", "raw": f"Post {number}", **more}


def test_posts_come_oldest_first_and_each_once(opened: Opener) -> None:
    assert read(opened())[0] == list(range(10, 31, 2))


def test_what_is_new_is_read_with_the_last_few_again_for_their_edits(opened: Opener, forum: str) -> None:
    connector = opened(streams={"posts": {"reread": 4}})
    _, state = read(connector)
    author = {"Api-Key": API_KEY, "Api-Username": "Member2"}
    requests.post(f"{forum}/posts.json", json={"raw": "And mine?", "topic_id": 3}, headers=author, timeout=5)
    assert read(connector, state)[0] == [28, 30, 31]


def test_a_longer_way_down_keeps_memory_flat_and_loses_nothing(opened: Opener) -> None:
    connector = opened(transport := FaultyTransport())
    way = descent.Descent(connector.http, 0, kept=2)
    assert [post["id"] for page in way.pages() for post in page] == list(range(10, 31, 2))
    # Four pages down, the two newest of them once more on the way up.
    assert len(transport.seen) == 6


class TestAnOlderForum:
    """It pages by windows of ids, the given one included, so that pages may be empty in the middle."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(inclusive_before=True, calls_per_minute=1000)

    @pytest.fixture
    def posts(self) -> list[dict[str, Any]]:
        hidden = [made(number, hidden=True) for number in range(101, 290)]
        return [made(3), made(100), *hidden, made(290), made(300)]

    def test_a_gap_of_hidden_posts_does_not_end_the_list(self, opened: Opener) -> None:
        assert read(opened())[0] == [3, 100, 290, 300]


class TestAForumWithItsOwnVoice:
    @pytest.fixture
    def posts(self) -> list[dict[str, Any]]:
        return [made(5, username="system", raw="Welcome!"), made(6)]

    def test_posts_of_the_software_are_nobodys_word(self, opened: Opener) -> None:
        assert read(opened())[0] == [6]


class TestAnEmptyForum:
    @pytest.fixture
    def posts(self) -> list[dict[str, Any]]:
        return []

    def test_it_has_no_posts(self, opened: Opener) -> None:
        connector = opened()
        assert list(connector.read(connector.streams["posts"], State())) == [Batch([], State(), last=True)]
