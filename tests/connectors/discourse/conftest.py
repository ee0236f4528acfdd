"""A forum with a few members and posts, served on a port of its own for every test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from requests.adapters import BaseAdapter

from connectors.discourse.connector import Discourse
from crossroads import registry
from crossroads.testkit.contract import QUICK
from sandbox.discourse.app import API_KEY, create
from sandbox.discourse.limits import Limits
from sandbox.serve import running

MEMBERS: list[dict[str, Any]] = [
    {
        "id": n,
        "username": f"Member{n}",
        "name": f"Member {n}",
        "email": f"member{n}@example.com",
        "external_id": f"sso-{n}",
        "created_at": f"2026-01-{n:02}T10:00:00.000Z",
        "last_seen_at": f"2026-02-{n:02}T10:00:00.000Z" if n != 4 else None,
    }
    for n in range(1, 8)
]
TOPICS = [{"id": 3, "title": "Where is my parcel?"}]

Opener = Callable[..., Discourse]


def post(number: int, **more: Any) -> dict[str, Any]:
    at = f"2026-03-01T{number // 60:02}:{number % 60:02}:00.000Z"
    return {
        "id": number,
        "topic_id": 3,
        "username": "Member1",
        "raw": f"Post {number}",
        "created_at": at,
    } | more


@pytest.fixture
def posts() -> list[dict[str, Any]]:
    """Return the forum's posts; override for other gaps."""
    return [post(number) for number in range(10, 31, 2)]


@pytest.fixture
def limits() -> Limits:
    """Small pages, so that paging happens; override for other limits."""
    return Limits(posts_page=4, users_page=3, calls_per_minute=1000)


@pytest.fixture
def forum(limits: Limits, posts: list[dict[str, Any]]) -> Iterator[str]:
    """Return the base URL of a fresh forum."""
    with running(create({"users": MEMBERS, "topics": TOPICS, "posts": posts}, limits)) as url:
        yield url


@pytest.fixture
def opened(forum: str) -> Iterator[Opener]:
    """Return a function that opens a connector; all are closed afterwards."""
    ready: list[Discourse] = []

    def start(
        transport: BaseAdapter | None = None,
        *,
        streams: dict[str, dict[str, Any]] | None = None,
        **settings: Any,
    ) -> Discourse:
        given = {"base_url": forum, "api_key": API_KEY, "calls_per_minute": 1000, **settings}
        one = registry.open("discourse", given, streams, transport=transport, retries=QUICK)
        assert isinstance(one, Discourse)
        ready.append(one)
        return one

    yield start
    for one in ready:
        one.close()
