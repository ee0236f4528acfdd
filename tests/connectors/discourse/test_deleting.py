"""The forum tells of no deletion: who and what a whole list does not show is asked for by id."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors.discourse.connector import Discourse
from crossroads.errors import AuthError
from crossroads.records import State
from sandbox.discourse.app import API_KEY

Opener = Callable[..., Discourse]
ADMIN = {"Api-Key": API_KEY, "Api-Username": "system"}


def listed(forum: Discourse, stream: str) -> tuple[list[int], bool]:
    batches = list(forum.read(forum.streams[stream], State()))
    return [one["id"] for batch in batches for one in batch.records], batches[-1].last


def there(forum: Discourse, stream: str, *keys: str) -> list[int]:
    return [one["id"] for one in forum.fetch(forum.streams[stream], keys)]


def test_a_deleted_post_is_not_listed_and_not_there_although_an_administrator_is_shown_it(
    opened: Opener, forum: str
) -> None:
    connector = opened()
    requests.delete(f"{forum}/posts/12.json", headers=ADMIN, timeout=5).raise_for_status()
    shown = requests.get(f"{forum}/posts/12.json", headers=ADMIN, timeout=5).json()
    assert shown["deleted_at"]
    ids, complete = listed(connector, "posts")
    assert (12 in ids, complete) == (False, True)
    assert there(connector, "posts", "10", "12", "999") == [10]
    requests.put(f"{forum}/posts/12/recover.json", headers=ADMIN, timeout=5).raise_for_status()
    assert 12 in listed(connector, "posts")[0]
    assert there(connector, "posts", "12") == [12]


def test_a_listing_of_what_is_new_says_nothing_about_the_others(opened: Opener) -> None:
    connector = opened()
    stream = connector.streams["posts"]
    state = list(connector.read(stream, State()))[-1].state
    assert not any(batch.last for batch in connector.read(stream, state))


class TestAPostThatIsOnlyHidden:
    @pytest.fixture
    def posts(self) -> list[dict[str, Any]]:
        said = {"topic_id": 3, "username": "Member1"}
        return [{**said, "id": 5, "raw": "Buy!", "hidden": True}, {**said, "id": 6, "raw": "Hello"}]

    def test_it_is_not_listed_and_is_there(self, opened: Opener) -> None:
        connector = opened()
        assert listed(connector, "posts") == ([6], True)
        assert there(connector, "posts", "5") == [5]


def test_a_deleted_member_is_not_listed_and_not_there(opened: Opener, forum: str) -> None:
    connector = opened()
    requests.delete(f"{forum}/admin/users/3.json", headers=ADMIN, timeout=5).raise_for_status()
    ids, complete = listed(connector, "users")
    assert (ids, complete) == ([1, 2, 4, 5, 6, 7], True)
    assert there(connector, "users", "2", "3") == [2]


def test_a_member_who_has_posts_is_deleted_with_them_only(opened: Opener, forum: str) -> None:
    address = f"{forum}/admin/users/1.json"
    assert requests.delete(address, headers=ADMIN, timeout=5).status_code == 403
    requests.delete(address, params={"delete_posts": "true"}, headers=ADMIN, timeout=5).raise_for_status()
    connector = opened()
    assert listed(connector, "posts")[0] == []
    assert there(connector, "posts", "10", "30") == []
    assert there(connector, "users", "1") == []


@pytest.mark.parametrize("details", [False, True])
def test_a_single_member_comes_as_the_list_shows_them(opened: Opener, details: bool) -> None:
    connector = opened(streams={"users": {"details": details}})
    stream = connector.streams["users"]
    known = {one["id"]: one for batch in connector.read(stream, State()) for one in batch.records}
    (found,) = connector.fetch(stream, ["2"])
    assert found == known[2]


def test_a_key_that_lost_its_rights_is_an_error_and_no_absence(opened: Opener) -> None:
    connector = opened(api_key="wrong")
    with pytest.raises(AuthError):
        there(connector, "users", "2")
