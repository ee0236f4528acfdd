"""The contract, passed against an S/4 with SAP's real names."""

from typing import Any, ClassVar

import pytest
from requests import PreparedRequest

from crossroads.connector import Connector
from crossroads.records import Change, Stream
from crossroads.testkit.contract import ConnectorContract
from crossroads.testkit.faults import FaultyTransport


class TestSapS4(ConnectorContract):
    system = "sap_s4"
    new_record: ClassVar[dict[str, Any]] = {
        "business_partners": {
            "BusinessPartnerCategory": "1",
            "FirstName": "Ann",
            "LastName": "Lee",
            "to_BusinessPartnerAddress": [
                {
                    "Country": "DE",
                    "to_EmailAddress": [{"EmailAddress": "a@b.example", "IsDefaultEmailAddress": True}],
                }
            ],
        },
        "sales_orders": {"SalesOrderType": "OR", "SalesOrganization": "1710", "SoldToParty": "1"},
    }
    refused_record: ClassVar[dict[str, Any]] = {
        "business_partners": {"BusinessPartnerCategory": "1", "FirstName": "Nameless"},
        "sales_orders": {"SalesOrderType": "OR", "PurchaseOrderByCustomer": "x" * 36},
    }
    reference_field: ClassVar[dict[str, str]] = {"sales_orders": "PurchaseOrderByCustomer"}

    @pytest.fixture
    def connector(self, transport: FaultyTransport, connect: Any) -> Connector[Any]:
        small_pages = {"business_partners": {"page_size": 2}, "sales_orders": {"page_size": 2}}
        connector: Connector[Any] = connect(transport, small_pages)
        return connector

    def create(self, stream: Stream) -> Change:
        change = super().create(stream)
        if stream.name == "business_partners":
            number = {"BPIdentificationType": "ZCEC", "BPIdentificationNumber": change.reference}
            change.record["to_BuPaIdentification"] = [number]
        return change

    def writes(self, request: PreparedRequest) -> bool:
        return request.method == "POST"
