"""An instance on this machine (mastodon-mock, which is not ours), and the connector over it."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from crossroads import registry
from crossroads.connector import Connector
from crossroads.testkit.contract import QUICK
from crossroads.testkit.faults import FaultyTransport
from sandbox.serve import running

PEOPLE = {"ana": None, "bo": "far.example", "cem": None}
_numbers = itertools.count(1)


class Instance:
    """The running instance, with people who speak."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, who: str, method: str, path: str, **how: Any) -> Any:
        headers = {"Authorization": f"Bearer {who}-token", **how.pop("headers", {})}
        answer = requests.request(method, f"{self.url}{path}", headers=headers, timeout=10, **how)
        assert answer.ok, answer.status_code
        return answer.json()

    def say(self, who: str, text: str, **more: Any) -> dict[str, Any]:
        said: dict[str, Any] = self.call(who, "POST", "/api/v1/statuses", json={"status": text, **more})
        return said

    def ask(self, who: str, **more: Any) -> dict[str, Any]:
        """Mention the company in a new status."""
        return self.say(who, f"@shop where is parcel {next(_numbers)}?", **more)


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    from mastodon_mock.app import create_app
    from mastodon_mock.config import DatabaseConfig, MastodonMockConfig, SeedAccount, SeedConfig

    people = {"shop": None, **PEOPLE}
    accounts = [
        SeedAccount(username=name, domain=host, display_name=f"{name} ✨", access_token=f"{name}-token")
        for name, host in people.items()
    ]
    config = MastodonMockConfig(
        domain="social.example",
        database=DatabaseConfig(path=":memory:"),
        seed=SeedConfig(accounts=accounts),
        media_storage_path=str(tmp_path_factory.mktemp("media")),
    )
    with running(create_app(config)) as url:
        found = Instance(url)
        for who in PEOPLE:
            found.ask(who)
        yield found


@pytest.fixture
def transport() -> FaultyTransport:
    return FaultyTransport()


@pytest.fixture
def social(instance: Instance, transport: FaultyTransport) -> Iterator[Connector[Any]]:
    settings = {"base_url": instance.url, "token": "shop-token"}
    # Pages of two, so that three mentions are more than a page.
    options = {"mentions": {"page_size": 2}, "accounts": {"page_size": 2}}
    with registry.open("mastodon", settings, options, transport=transport, retries=QUICK) as connector:
        yield connector
