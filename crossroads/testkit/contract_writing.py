"""The writing half of the contract."""

from abc import abstractmethod
from typing import Any

import pytest
from requests import PreparedRequest

from crossroads.connector import Connector
from crossroads.errors import Unavailable
from crossroads.records import Change, Rejected, Stream, Unknown, Written
from crossroads.testkit.contract_reading import key_of
from crossroads.testkit.faults import FaultyTransport


class WritingTests:
    """What every connector that writes must do."""

    @abstractmethod
    def create(self, stream: Stream) -> Change:
        """Return the create of a record the system accepts; a new one at every call."""

    @abstractmethod
    def refuse(self, stream: Stream) -> Change:
        """Return the create of a record the system refuses."""

    @abstractmethod
    def writes(self, request: PreparedRequest) -> bool:
        """Tell whether a request carries a write."""

    def test_one_result_per_change_in_order_and_one_refusal_rejects_only_its_record(
        self, connector: Connector[Any]
    ) -> None:
        """Good, bad, good: written, rejected, written."""
        for stream in self.creatable(connector):
            changes = [self.create(stream), self.refuse(stream), self.create(stream)]
            results = list(connector.write(stream, changes))
            assert [one.change for one in results] == changes
            assert [type(one) for one in results] == [Written, Rejected, Written], stream.name
            first, refused, last = results
            assert isinstance(first, Written)
            assert isinstance(refused, Rejected)
            assert isinstance(last, Written)
            assert first.key != last.key
            assert all(refused.reasons)

    def test_what_was_written_is_said_in_the_shape_it_is_read_in(self, connector: Connector[Any]) -> None:
        """`Written.record`, where given, has the key and the fields that `fetch` gives."""
        for stream in self.creatable(connector):
            (result,) = connector.write(stream, [self.create(stream)])
            assert isinstance(result, Written), stream.name
            if result.record is None:
                continue
            assert key_of(stream, result.record) == result.key
            try:
                (fetched,) = connector.fetch(stream, [result.key])
            except NotImplementedError:
                continue
            assert set(result.record) == set(fetched), stream.name

    @pytest.mark.parametrize("fault", ["lost", "dropped", "broken"])
    def test_a_create_without_an_answer_is_unknown(
        self, connector: Connector[Any], transport: FaultyTransport, fault: Any
    ) -> None:
        """Neither written nor free to be tried again."""
        for stream in self.creatable(connector):
            transport.fail(fault, when=self.writes)
            (result,) = connector.write(stream, [self.create(stream)])
            transport.heal()
            assert isinstance(result, Unknown), stream.name

    def test_a_create_that_was_lost_is_found(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """The system carried it out; `find` sees exactly one."""
        for stream in self.findable(connector):
            change = self.create(stream)
            transport.fail("lost", when=self.writes)
            list(connector.write(stream, [change]))
            transport.heal()
            found = connector.find(stream, change)
            assert len(found) == 1, stream.name
            assert found[0].key

    def test_a_create_sent_twice_makes_one_record(self, connector: Connector[Any]) -> None:
        """Where the stream says that a second one is refused or recognised: by our reference, or by the change's id."""
        for stream in self.creatable(connector):
            if stream.create not in ("enforced_key", "idempotency_key"):
                continue
            change = self.create(stream)
            (first,), (second,) = connector.write(stream, [change]), connector.write(stream, [change])
            assert isinstance(first, Written), stream.name
            assert not isinstance(second, Written) or second.key == first.key, stream.name
            if stream.create == "enforced_key":
                assert [one.key for one in connector.find(stream, change)] == [first.key], stream.name

    def test_a_create_that_never_arrived_is_not_found(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """Nothing was sent, so it may be tried again."""
        for stream in self.findable(connector):
            change = self.create(stream)
            transport.fail("unreachable", times=99, when=self.writes)
            with pytest.raises(Unavailable):
                list(connector.write(stream, [change]))
            transport.heal()
            assert connector.find(stream, change) == [], stream.name

    def creatable(self, connector: Connector[Any]) -> list[Stream]:
        """Return the streams that records can be created in; skip the test if there are none."""
        names = {**getattr(self, "new_record", {})}
        found = [one for one in connector.streams.values() if one.writable and one.name in names]
        if not found:
            pytest.skip("creates nothing")
        return found

    def findable(self, connector: Connector[Any]) -> list[Stream]:
        """Return the streams whose creates can be looked up; skip the test if there are none."""
        found = [one for one in self.creatable(connector) if one.create != "none"]
        if not found:
            pytest.skip("cannot look up what it created")
        return found
