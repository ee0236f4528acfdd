"""The small Discourse keeps a forum's limits and manners."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.discourse.app import API_KEY, create
from sandbox.discourse.limits import Limits
from sandbox.serve import running

SEED: dict[str, list[dict[str, Any]]] = {
    "users": [{"id": n, "username": f"Member{n}", "email": f"m{n}@example.com"} for n in range(1, 121)],
    "topics": [{"id": 3, "title": "Where is my parcel?"}],
    "posts": [{"id": n, "topic_id": 3, "username": "Member1", "raw": f"Post {n}"} for n in range(1, 121)],
}
ADMIN = {"Api-Key": API_KEY, "Api-Username": "system"}


@pytest.fixture(scope="module")
def forum() -> Iterator[str]:
    with running(create(SEED, "demo")) as url:
        yield url


def get(forum: str, path: str, headers: dict[str, str] = ADMIN, **params: Any) -> requests.Response:
    return requests.get(f"{forum}{path}", headers=headers, params=params, timeout=5)


def test_posts_come_fifty_at_a_time_below_the_given_id(forum: str) -> None:
    newest = [post["id"] for post in get(forum, "/posts.json").json()["latest_posts"]]
    older = [post["id"] for post in get(forum, "/posts.json", before=71).json()["latest_posts"]]
    assert (newest[0], newest[-1], len(newest)) == (120, 71, 50)
    assert (older[0], older[-1]) == (70, 21)


@pytest.mark.parametrize(("page", "size"), [(0, 100), (1, 100), (2, 21), (3, 0)])
def test_members_come_a_hundred_a_page_and_page_zero_is_page_one(forum: str, page: int, size: int) -> None:
    assert len(get(forum, "/admin/users/list/active.json", page=page).json()) == size


def test_addresses_are_shown_only_on_demand_and_only_to_administrators(forum: str) -> None:
    path = "/admin/users/list/active.json"
    assert "email" not in get(forum, path).json()[0]
    assert "email" in get(forum, path, show_emails="true").json()[0]
    member = {**ADMIN, "Api-Username": "Member1"}
    assert get(forum, path, member, show_emails="true").status_code == 404


def test_a_wrong_key_is_answered_403_with_its_kind(forum: str) -> None:
    answer = get(forum, "/posts.json", {**ADMIN, "Api-Key": "wrong"})
    assert (answer.status_code, answer.json()["error_type"]) == (403, "invalid_access")


def test_members_post_and_an_empty_text_is_refused(forum: str) -> None:
    member = {**ADMIN, "Api-Username": "Member2"}
    said = requests.post(
        f"{forum}/posts.json", json={"raw": "Mine too", "topic_id": 3}, headers=member, timeout=5
    )
    assert said.json()["username"] == "Member2"
    empty = requests.post(f"{forum}/posts.json", json={"raw": " ", "topic_id": 3}, headers=member, timeout=5)
    assert empty.status_code == 422
    assert get(forum, "/_sandbox/writes").json()["creates"] == 1


def test_too_many_calls_a_minute_are_told_how_long_to_wait() -> None:
    with running(create(SEED, Limits(calls_per_minute=2))) as url:
        answers = [get(url, "/session/current.json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    wait = answers[2].json()["extras"]["wait_seconds"]
    assert answers[2].headers["Retry-After"] == str(wait)
    assert 55 <= wait <= 60
