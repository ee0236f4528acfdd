"""A small S/4 with six partners, the newest change at the lowest key, three orders, and a connector to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crossroads import registry
from crossroads.connector import Connector
from crossroads.testkit.contract import QUICK
from crossroads.testkit.faults import FaultyTransport
from sandbox.sap_s4.app import PASSWORD, USER, create
from sandbox.serve import running

DAY = 86_400_000
START = 1_789_000_000_000 // DAY * DAY  # September 2026, midnight UTC


def partner(number: int) -> dict[str, Any]:
    return {
        "BusinessPartner": str(number),
        "BusinessPartnerCategory": "1",
        "FirstName": "Ann",
        "LastName": f"Number {number}",
        "CorrespondenceLanguage": "EN",
        "CreationDate": f"/Date({START})/",
        # The first was never changed: S/4 leaves its change date empty.
        "LastChangeDate": None if number == 1 else f"/Date({START + (9 - number) * 7 * DAY})/",
        "to_BusinessPartnerAddress": [
            {
                "StreetName": "Main Street",
                "HouseNumber": str(number),
                "Country": "DE",
                "CityName": "Bonn",
                "PostalCode": "53111",
                "to_EmailAddress": [
                    {"EmailAddress": f"ann{number}@one.example", "IsDefaultEmailAddress": True}
                ],
            }
        ],
    }


def order(number: int) -> dict[str, Any]:
    return {
        "SalesOrder": str(number),
        "SalesOrderType": "OR",
        "SalesOrganization": "1710",
        "SoldToParty": "1",
        "PurchaseOrderByCustomer": f"#{number}",
        "CreationDate": f"/Date({START})/",
        "LastChangeDateTime": f"/Date({START + number * DAY})/",
        "to_Item": [{"Material": "TG11", "RequestedQuantity": "2.000", "RequestedQuantityUnit": "PC"}],
    }


def seed() -> dict[str, Any]:
    return {
        "business_partners": [partner(number) for number in range(1, 7)],
        "sales_orders": [order(number) for number in range(1, 4)],
    }


Connect = Callable[..., Connector[Any]]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a way to a fresh S/4: `connect(transport, options, page_limit=...)`."""
    closing: list[Any] = []

    def connect(
        transport: FaultyTransport | None = None,
        options: Any = None,
        *,
        page_limit: int | None = None,
        **settings: Any,
    ) -> Connector[Any]:
        app = running(create(seed(), page_limit=page_limit))
        url = app.__enter__()
        closing.append(app)
        told = {"base_url": url, "user": USER, "password": PASSWORD, "client": "100", **settings}
        connector = registry.open("sap_s4", told, options, transport=transport, retries=QUICK)
        closing.append(connector)
        return connector

    yield connect
    for one in reversed(closing):
        one.__exit__(None, None, None)
