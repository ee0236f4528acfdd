"""The same connector against mock-sap, a stand-in that is not ours: only the overlay `erp` differs."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from crossroads import registry
from crossroads.connector import Connector
from crossroads.mapping import load
from crossroads.records import Change, Rejected, State, Unknown, Written
from crossroads.testkit.contract import QUICK
from crossroads.testkit.faults import FaultyTransport

CUSTOMER, ORDER = load("sap_s4", "customer", "erp"), load("sap_s4", "order", "erp")
PERSON = {
    "kind": "person",
    "given_name": "Ann",
    "family_name": "Lee",
    "language": "de",
    "emails.main.address": "ann@lee.example",
    "phones.mobile.number": "+4915112345678",
    "addresses.main.street": "Hauptstraße 5",
    "addresses.main.postal_code": "53111",
    "addresses.main.locality": "Bonn",
    "addresses.main.country": "DE",
}


@pytest.fixture(scope="module")
def mock_sap() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("mock-sap")), "--port", str(port), "--quiet"]
    process = subprocess.Popen(
        [*command, "--auth", "erp:mock-secret"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                requests.get(f"{url}/_mock/health", timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def transport() -> FaultyTransport:
    return FaultyTransport()


@pytest.fixture
def erp(mock_sap: str, transport: FaultyTransport) -> Iterator[Connector[Any]]:
    options = {"business_partners": CUSTOMER.stream_options, "sales_orders": ORDER.stream_options}
    told = {"base_url": mock_sap, "user": "erp", "password": "mock-secret", "client": "100"}
    with registry.open("sap_s4", told, options, transport=transport, retries=QUICK) as connector:
        yield connector


def creation(reference: str) -> Change:
    patch = CUSTOMER.put({**PERSON, "emails.main.address": f"{reference}@lee.example"}, reference=reference)
    assert patch is not None
    return Change(f"change-{reference}", patch.record, parts=patch.parts, reference=reference)


def write(erp: Connector[Any], stream: str, change: Change) -> Any:
    (result,) = erp.write(erp.streams[stream], [change])
    return result


def test_all_partners_and_orders_are_read(erp: Connector[Any]) -> None:
    erp.check()
    for name, lens in (("business_partners", CUSTOMER), ("sales_orders", ORDER)):
        batches = list(erp.read(erp.streams[name], State()))
        records = [one for batch in batches for one in batch.records]
        assert len(records) >= 24
        assert batches[-1].last
        assert batches[0].total == len(records)
        assert all(isinstance(one, dict) for one in lens.read(records, []))


def test_an_email_is_changed_on_the_address(erp: Connector[Any]) -> None:
    stream = erp.streams["business_partners"]
    base = next(iter(erp.read(stream, State()))).records[0]
    wanted = {"emails.main.address": "changed@becker.example"}
    patch = CUSTOMER.put(wanted, base=base)
    assert patch is not None
    result = write(erp, stream.name, Change("u", patch.record, CUSTOMER.key(base), patch.parts, base))
    assert isinstance(result, Written)
    assert CUSTOMER.get(result.record or {})["emails.main.address"] == "changed@becker.example"
    assert CUSTOMER.put(wanted, base=result.record) is None


def test_a_partner_is_created_under_the_number_its_reference_gives(erp: Connector[Any]) -> None:
    change = creation("one")
    result = write(erp, "business_partners", change)
    assert isinstance(result, Written)
    assert result.key == change.record["BusinessPartner"]
    assert len(result.key) == 10
    assert CUSTOMER.put({**PERSON, "emails.main.address": "one@lee.example"}, base=result.record) is None


def test_a_partner_whose_answer_was_lost_is_not_made_twice(
    erp: Connector[Any], transport: FaultyTransport
) -> None:
    change = creation("two")
    transport.fail("lost", when=lambda request: request.method == "POST")
    assert isinstance(write(erp, "business_partners", change), Unknown)
    stream = erp.streams["business_partners"]
    assert len(erp.find(stream, change)) == 1
    # The number is enforced: sent again, it is refused, and what is there must be looked at.
    assert isinstance(write(erp, "business_partners", change), Unknown)
    assert len(erp.find(stream, change)) == 1


def test_an_order_is_created_and_found_by_its_reference_and_customer(erp: Connector[Any]) -> None:
    customer = write(erp, "business_partners", creation("three")).key
    order = {
        "reference": "#1001",
        "customer": customer,
        "placed_at": "2026-11-20T10:00:00Z",
        "currency": "EUR",
    }
    order |= {"lines.TG31.sku": "TG31", "lines.TG31.quantity": "2", "lines.TG31.unit": "C62"}
    patch = ORDER.put(order, reference="#1001")
    assert patch is not None
    change = Change("o", patch.record, reference="#1001")
    stream = erp.streams["sales_orders"]
    assert erp.find(stream, change) == []
    result = write(erp, "sales_orders", change)
    assert isinstance(result, Written)
    assert [one.key for one in erp.find(stream, change)] == [result.key]
    assert ORDER.key(result.record or {}) == result.key
    assert ORDER.put(order, base=result.record) is None
    # mock-sap keeps order numbers with leading zeros and does not add them.
    assert next(iter(erp.fetch(stream, [result.key])))["SalesOrder"] == result.key.zfill(10)


def test_a_refused_partner_rejects_only_itself(erp: Connector[Any]) -> None:
    bad, good = creation("four"), creation("five")
    bad.record["NoSuchField"] = "x"
    first, second = erp.write(erp.streams["business_partners"], [bad, good])
    assert isinstance(first, Rejected)
    assert isinstance(second, Written)
