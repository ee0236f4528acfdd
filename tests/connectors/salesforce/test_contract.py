"""Salesforce keeps the connector contract."""

from collections.abc import Callable

import pytest
from requests import PreparedRequest

from crossroads.connector import Connector
from crossroads.records import Stream
from crossroads.testkit.contract import ConnectorContract
from crossroads.testkit.faults import FaultyTransport


class TestSalesforce(ConnectorContract):
    system = "salesforce"
    sign_in_path = "/services/oauth2/token"
    new_record = {
        "contacts": {"LastName": "Moreno", "Email": "new@example.com"},
        "cases": {"Subject": "The parcel is late", "Status": "New"},
    }
    refused_record = {"contacts": {"FirstName": "Nameless"}, "cases": {"Status": "Unheard of"}}
    reference_field = {"contacts": "Crossroads_Id__c", "cases": "Crossroads_Id__c"}

    @pytest.fixture
    def connector(self, opened: Callable[..., Connector], transport: FaultyTransport) -> Connector:
        return opened(transport)

    def writes(self, request: PreparedRequest) -> bool:
        # Retrieving many records is a POST, too.
        return request.method == "PATCH"

    def absent_key(self, stream: Stream) -> str:
        return {"contacts": "003", "cases": "500", "case_comments": "00a"}[stream.name] + "5g0000009999AAA"
