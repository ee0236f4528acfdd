"""An org with a few records, served on a port of its own for every test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from requests.adapters import BaseAdapter

from connectors.salesforce.connector import Salesforce
from crossroads import registry
from crossroads.testkit.contract import QUICK
from sandbox.salesforce.app import CLIENT_ID, CLIENT_SECRET, create
from sandbox.salesforce.limits import Limits
from sandbox.serve import running

SEED: dict[str, list[dict[str, Any]]] = {
    "contacts": [
        {
            "Id": f"0035g000000000{n}AAA",
            "LastName": f"Person {n}",
            "Email": f"p{n}@example.com",
            "SystemModstamp": f"2026-0{n}-01T10:00:00Z",
        }
        for n in range(1, 8)
    ],
    "cases": [
        {
            "Id": f"5005g000000000{n}AAA",
            "Subject": f"Case {n}",
            "ContactId": f"0035g000000000{n}AAA",
            "Status": "New",
            "SystemModstamp": f"2026-0{n}-02T10:00:00Z",
        }
        for n in range(1, 4)
    ],
    "case_comments": [
        {
            "Id": f"00a5g000000000{n}AAA",
            "ParentId": "5005g0000000001AAA",
            "CommentBody": f"Answer {n}",
            "IsPublished": n != 2,
            "SystemModstamp": f"2026-0{n}-03T10:00:00Z",
        }
        for n in range(1, 4)
    ],
}

Opener = Callable[..., Salesforce]


@pytest.fixture
def limits() -> Limits:
    """Pages of three rows, so that paging happens; override for other limits."""
    return Limits(page_size=3)


@pytest.fixture
def org(limits: Limits) -> Iterator[str]:
    """Return the base URL of a fresh org."""
    with running(create(SEED, limits)) as url:
        yield url


@pytest.fixture
def opened(org: str) -> Iterator[Opener]:
    """Return a function that opens a connector; all are closed afterwards."""
    ready: list[Salesforce] = []

    def start(
        transport: BaseAdapter | None = None,
        *,
        secret: str = CLIENT_SECRET,
        streams: dict[str, dict[str, Any]] | None = None,
        **settings: Any,
    ) -> Salesforce:
        given = {"base_url": org, "client_id": CLIENT_ID, "client_secret": secret, **settings}
        one = registry.open("salesforce", given, streams, transport=transport, retries=QUICK)
        assert isinstance(one, Salesforce)
        ready.append(one)
        return one

    yield start
    for one in ready:
        one.close()


@pytest.fixture
def control(org: str) -> Iterator[Any]:
    """Return a session that plays the people who work in the org."""
    import requests

    with requests.Session() as session:
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-script",
            "client_secret": CLIENT_SECRET,
        }
        token = session.post(f"{org}/services/oauth2/token", data=form).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        yield session
