"""The contract as tests: a connector author inherits `ConnectorContract` and gives fixtures."""

import itertools
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from requests import PreparedRequest

from crossroads.connector import Connector
from crossroads.protocols.http import Retries
from crossroads.records import Change, Record, Stream
from crossroads.testkit.contract_faults import FaultTests
from crossroads.testkit.contract_reading import ReadingTests
from crossroads.testkit.contract_writing import WritingTests
from crossroads.testkit.faults import FaultyTransport

QUICK = Retries(attempts=2, first=0.0, longest=0.05, total=5.0)
"""Retries for tests: one repetition, no waiting."""

_numbers = itertools.count(1)


class ConnectorContract(ReadingTests, WritingTests, FaultTests):
    """Subclass it in your tests: name the system, give `connector` and, per writable stream, two records.

    `connector` must be built with the fixture `transport` and with `QUICK` retries, over a stand-in that has
    a few records. Where a create carries its reference in a field, name it in `reference_field`; where that
    is not enough, override `create`. `sign_in_path` is the path of a token endpoint: tokens may be renewed
    once.
    """

    system: ClassVar[str]
    new_record: ClassVar[dict[str, Record]] = {}
    refused_record: ClassVar[dict[str, Record]] = {}
    reference_field: ClassVar[dict[str, str]] = {}
    sign_in_path: ClassVar[str | None] = None

    @pytest.fixture
    def transport(self) -> FaultyTransport:
        """Return a transport that can be told to fail."""
        return FaultyTransport()

    @pytest.fixture
    def connector(self, transport: FaultyTransport) -> Connector[Any]:
        """Return a connector over a stand-in; give your own."""
        raise NotImplementedError("Give a fixture `connector` that builds yours with `transport`.")

    def create(self, stream: Stream) -> Change:
        """Return the create of a record the system accepts; a new one at every call."""
        number = next(_numbers)
        reference, record = f"contract-{number}", dict(self.new_record[stream.name])
        if stream.name in self.reference_field:
            record[self.reference_field[stream.name]] = reference
        return Change(f"change-{number}", record, reference=reference)

    def refuse(self, stream: Stream) -> Change:
        """Return the create of a record the system refuses."""
        number = next(_numbers)
        return Change(
            f"change-{number}", dict(self.refused_record[stream.name]), reference=f"contract-{number}"
        )

    def writes(self, request: PreparedRequest) -> bool:
        """Tell whether a request carries a write; override where reads are sent by POST too."""
        return request.method in ("POST", "PUT", "PATCH") and not self.signs_in(request)

    def signs_in(self, request: PreparedRequest) -> bool:
        """Tell whether a request asks the token endpoint."""
        return self.sign_in_path is not None and urlsplit(request.url or "").path == self.sign_in_path
