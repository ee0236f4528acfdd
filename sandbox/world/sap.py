"""Loading mock-sap over HTTP: its own records removed, the world's created on the days of their change."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import requests

from sandbox.world.people import BY_CODE
from sandbox.world.truth import Held, Order, World

ODATA = "/sap/opu/odata/sap"
PARTNERS = "API_BUSINESS_PARTNER_SRV"
ORDERS = "API_SALES_ORDER_SRV"
ADDRESS_ID = "0000000001"
BATCH = 200
TIMEOUT = 60


def first_moment(world: World) -> str:
    """Return where mock-sap's clock has to start: on the day of the first change, at this time of day.

    Its clock moves by whole days. Started at this time of day it ends at this very moment when all is loaded.
    """
    first = min((held.changed for held in world.held("erp")), default=datetime.now(UTC))
    return f"{first.date().isoformat()}T{datetime.now(UTC):%H:%M:%S}"


class Sap:
    """A client of mock-sap that fetches its token once and writes in batches."""

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.auth = (user, password)
        answer = self.session.get(
            f"{base_url}{ODATA}/{PARTNERS}/", headers={"X-CSRF-Token": "Fetch"}, timeout=TIMEOUT
        )
        self.session.headers["X-CSRF-Token"] = answer.headers["x-csrf-token"]

    def load(self, world: World) -> None:
        """Make the system hold the world's partners and orders, and nothing of its own."""
        self._empty(PARTNERS, "A_BusinessPartner", "BusinessPartner")
        self._empty(ORDERS, "A_SalesOrder", "SalesOrder")
        for day, group in groupby(world.held("erp"), key=lambda held: held.changed.date()):
            self._go_to(day)
            self.create(PARTNERS, "A_BusinessPartner", [partner(held) for held in group])
        self._go_to(datetime.now(UTC).date())
        placed = [order for order in world.orders if order.connection == "erp"]
        self.create(ORDERS, "A_SalesOrder", [sales_order(order) for order in placed])

    def create(self, service: str, entity: str, rows: list[dict[str, Any]]) -> None:
        """Create records, many a request."""
        self._batch(service, [("POST", entity, row) for row in rows])

    def change(self, service: str, path: str, row: dict[str, Any]) -> None:
        """Change one entity with a plain PATCH."""
        url = f"{self.base_url}{ODATA}/{service}/{path}"
        self.session.patch(url, json=row, headers={"If-Match": "*"}, timeout=TIMEOUT).raise_for_status()

    def delete(self, service: str, path: str) -> None:
        """Remove one entity; mock-sap allows what SAP does not."""
        self._batch(service, [("DELETE", path, None)])

    def read(self, service: str, path: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        joint = "&" if "?" in path else "?"
        url = f"{self.base_url}{ODATA}/{service}/{path}{joint}$format=json"
        answer = self.session.get(url, timeout=TIMEOUT)
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()["d"]["results"]
        return rows

    def call(self, function: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call a function module."""
        url = f"{self.base_url}/sap/bc/rfc/{function}"
        answer = self.session.post(url, json=parameters, timeout=TIMEOUT)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    def _empty(self, service: str, entity: str, key: str) -> None:
        rows = self.read(service, f"{entity}?$select={key}")
        self._batch(service, [("DELETE", f"{entity}('{row[key]}')", None) for row in rows])

    def _go_to(self, day: date) -> None:
        url = f"{self.base_url}/_mock/state"
        now = date.fromisoformat(self.session.get(url, timeout=TIMEOUT).json()["clock"]["date"])
        answer = self.session.post(
            f"{self.base_url}/_mock/advance", params={"days": (day - now).days}, timeout=TIMEOUT
        )
        answer.raise_for_status()

    def _batch(self, service: str, operations: list[tuple[str, str, dict[str, Any] | None]]) -> None:
        for start in range(0, len(operations), BATCH):
            part = operations[start : start + BATCH]
            answer = self.session.post(
                f"{self.base_url}{ODATA}/{service}/$batch",
                data=multipart(part),
                headers={"Content-Type": "multipart/mixed; boundary=load"},
                timeout=TIMEOUT,
            )
            answer.raise_for_status()
            done = answer.text.count("HTTP/1.1 201") + answer.text.count("HTTP/1.1 204")
            if done != len(part):
                raise RuntimeError(f"mock-sap carried out {done} of {len(part)} operations of a batch")


def multipart(operations: Iterable[tuple[str, str, dict[str, Any] | None]]) -> bytes:
    """Return the body of an OData `$batch` with one part an operation."""
    rows = []
    for method, target, row in operations:
        body = json.dumps(row) if row is not None else ""
        rows += ["--load", "Content-Type: application/http", "Content-Transfer-Encoding: binary", ""]
        rows += [f"{method} {target} HTTP/1.1", "Content-Type: application/json", "If-Match: *"]
        rows += [f"Content-Length: {len(body.encode())}", "", body]
    return "\r\n".join([*rows, "--load--", ""]).encode()


def partner(held: Held) -> dict[str, Any]:
    """Return a business partner with its address, where mock-sap keeps the e-mail and the telephone."""
    address = {
        "AddressID": ADDRESS_ID,
        "Language": held.language and held.language.upper(),
        "PhoneNumber": held.mobile,
        "EmailAddress": held.email,
    }
    if held.address:
        street, number = held.address.street, ""
        country = BY_CODE.get(held.address.country)
        if country is None or not country.number_first:
            street, _, number = street.rpartition(" ")
        address |= {"StreetName": street, "HouseNumber": number, "PostalCode": held.address.postal_code}
        address |= {"CityName": held.address.city, "Country": held.address.country}
    return {
        "BusinessPartner": held.key,
        "BusinessPartnerCategory": "1",
        "BusinessPartnerGrouping": "BP01",
        "BusinessPartnerFullName": f"{held.given_name} {held.family_name}",
        "FirstName": held.given_name,
        "LastName": held.family_name,
        "to_BusinessPartnerAddress": [{name: value for name, value in address.items() if value}],
        "to_BusinessPartnerRole": [{"BusinessPartnerRole": "FLCU01"}],
    }


def sales_order(order: Order) -> dict[str, Any]:
    """Return a sales order with its items."""
    items = [
        {
            "Material": line.sku,
            "SalesOrderItemText": line.name,
            "RequestedQuantity": str(line.quantity),
            "RequestedQuantityUnit": line.unit,
            "NetAmount": str(line.quantity * Decimal(line.price)),
            "TransactionCurrency": order.currency,
        }
        for line in order.lines
    ]
    return {
        "SalesOrderType": "OR",
        "SalesOrganization": "1710",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": order.customer,
        "PurchaseOrderByCustomer": order.number,
        "TransactionCurrency": order.currency,
        "to_Item": items,
    }
