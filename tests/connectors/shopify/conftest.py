"""A small shop on this machine, and the connector over it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from crossroads import registry
from crossroads.connector import Connector
from crossroads.testkit.contract import QUICK
from crossroads.testkit.faults import FaultyTransport
from sandbox.serve import running
from sandbox.shopify import ACCESS, create
from sandbox.stage import Stage

FIXTURES = Path(__file__).parent / "fixtures"


def seed() -> dict[str, Any]:
    """Five customers changed on five days and two orders, after the recorded shapes."""
    customer = orjson.loads((FIXTURES / "customer.json").read_bytes())["record"]
    order = orjson.loads((FIXTURES / "order.json").read_bytes())["record"]
    customers = []
    for number in range(1, 6):
        kept = {name: value for name, value in customer.items() if name != "defaultAddress"}
        kept["id"] = f"gid://shopify/Customer/{100 + number}"
        kept["firstName"], kept["updatedAt"] = f"Given{number}", f"2026-03-0{number}T08:00:00Z"
        kept["defaultEmailAddress"] = {"emailAddress": f"given{number}@example.com"}
        kept["defaultPhoneNumber"] = {"phoneNumber": f"+4915112345{number:03d}"}
        # The last one has no address.
        kept["defaultAddress"] = {
            **customer["defaultAddress"],
            "id": f"gid://shopify/MailingAddress/{number}",
        }
        customers.append(kept if number < 5 else {**kept, "defaultAddress": None})
    orders = []
    for number in (1, 2):
        kept = {**order, "id": f"gid://shopify/Order/{900 + number}", "name": f"#100{number}"}
        kept["customer"] = {"id": f"gid://shopify/Customer/{100 + number}"}
        orders.append({**kept, "updatedAt": f"2026-03-0{number}T09:00:00Z"})
    return {"customers": customers, "orders": orders}


class Site:
    """A running shop, with direct access for the test."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str, token: str = ACCESS, **variables: Any) -> dict[str, Any]:
        answer = requests.post(
            f"{self.url}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": token},
            timeout=10,
        )
        said: dict[str, Any] = answer.json()
        return said

    def writes(self) -> dict[str, Any]:
        counted: dict[str, Any] = requests.get(f"{self.url}/_sandbox/writes", timeout=10).json()
        return counted


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    app = Stage()
    with running(app) as url:
        yield app, url


@pytest.fixture
def site(stage: tuple[Stage, str]) -> Site:
    app, url = stage
    app.app = create(seed(), "demo")
    return Site(url)


@pytest.fixture
def transport() -> FaultyTransport:
    return FaultyTransport()


@pytest.fixture
def shop(site: Site, transport: FaultyTransport) -> Iterator[Connector[Any]]:
    with open_shop(site.url, transport) as connector:
        yield connector


def open_shop(url: str, transport: FaultyTransport, **options: Any) -> Connector[Any]:
    settings = {"base_url": url, "token": ACCESS}
    return registry.open("shopify", settings, {"customers": options}, transport=transport, retries=QUICK)
