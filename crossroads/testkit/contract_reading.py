"""The reading half of the contract, and what a manifest must say."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from crossroads import registry
from crossroads.connector import Connector
from crossroads.protocols.paging import place
from crossroads.records import Batch, State, Stream


class ReadingTests:
    """What every connector that reads must do."""

    system: ClassVar[str]

    def installed(self) -> registry.Installed:
        """Return what is tested, as the registry finds it."""
        return registry.load(self.system)

    def test_the_manifest_describes_the_settings(self) -> None:
        """A form field for every setting, help for every field, and secrets typed as secrets."""
        manifest, connector = self.installed()
        model = getattr(connector, "settings_model", None) or manifest.settings_model()
        assert set(model.model_fields) == set(manifest.settings)
        for name, setting in manifest.settings.items():
            assert setting.help.strip(), name
            assert (SecretStr in _types(model.model_fields[name].annotation)) == (setting.type == "secret"), (
                name
            )

    def test_check_returns_when_the_system_answers(self, connector: Connector[Any]) -> None:
        """A healthy system passes."""
        connector.check()

    def test_every_record_carries_its_key(self, connector: Connector[Any]) -> None:
        """No record without a key, no key twice in one listing."""
        for stream in readable(connector):
            keys = [key_of(stream, one) for batch in connector.read(stream, State()) for one in batch.records]
            assert keys, f"the stand-in has no {stream.name}"
            assert None not in keys, stream.name
            assert len(keys) == len(set(keys)), stream.name

    def test_the_cursor_never_goes_back(self, connector: Connector[Any]) -> None:
        """Every batch's state is at or behind none before it."""
        for stream in readable(connector):
            cursors = [batch.state.cursor for batch in connector.read(stream, State())]
            for before, after in pairwise(cursors):
                assert not earlier(after, before), stream.name

    def test_resuming_from_the_last_state_repeats_no_more_than_ties(self, connector: Connector[Any]) -> None:
        """Nothing new comes, less than everything is repeated, and the state stays where it was."""
        for stream in readable(connector):
            first = list(connector.read(stream, State()))
            known = {key_of(stream, one) for batch in first for one in batch.records}
            if not first[-1].state:
                continue
            again = list(connector.read(stream, first[-1].state))
            repeated = {key_of(stream, one) for batch in again for one in batch.records}
            assert repeated <= known, stream.name
            assert len(repeated) < len(known), f"{stream.name}: everything was read again"
            if again:
                assert not earlier(again[-1].state.cursor, first[-1].state.cursor), stream.name

    def test_resuming_in_the_middle_misses_nothing(self, connector: Connector[Any]) -> None:
        """What was read up to any batch, and what comes after its state, is everything."""
        for stream in readable(connector):
            batches = list(connector.read(stream, State()))
            everything = _keys(stream, batches)
            for number in range(1, len(batches)):
                rest = connector.read(stream, batches[number - 1].state)
                assert _keys(stream, batches[:number]) | _keys(stream, rest) == everything, stream.name

    def test_fetch_leaves_out_what_is_not_there(self, connector: Connector[Any]) -> None:
        """Records come by key, absent ones are left out."""
        for stream in readable(connector):
            known = str(key_of(stream, next(iter(connector.read(stream, State()))).records[0]))
            try:
                found = list(connector.fetch(stream, [known, self.absent_key(stream)]))
            except NotImplementedError:
                continue
            assert [key_of(stream, one) for one in found] == [known], stream.name

    def test_only_a_listing_from_the_beginning_is_called_complete(self, connector: Connector[Any]) -> None:
        """Where absence means something, a whole listing ends as complete, with what it counts; one since a state never does."""
        for stream in readable(connector):
            batches = list(connector.read(stream, State()))
            assert not any(batch.last for batch in batches[:-1]), stream.name
            if stream.deletes == "full_compare" or stream.hides:
                listed = {key_of(stream, one) for batch in batches for one in batch.records}
                assert batches[-1].last, f"{stream.name}: nothing it does not show would ever be noticed"
                assert {batch.total for batch in batches} <= {None, len(listed)}, stream.name
            if batches[-1].state:
                again = connector.read(stream, batches[-1].state)
                assert not any(batch.last for batch in again), stream.name

    def test_what_a_listing_does_not_show_can_be_asked_for(self, connector: Connector[Any]) -> None:
        """Where absence means something, single records can be fetched: only what is not there then is deleted."""
        for stream in readable(connector):
            if stream.deletes == "full_compare" or stream.hides:
                known = str(key_of(stream, next(iter(connector.read(stream, State()))).records[0]))
                found = connector.fetch(stream, [self.absent_key(stream), known])
                assert [key_of(stream, one) for one in found] == [known], stream.name

    def absent_key(self, stream: Stream) -> str:
        """Return a well-formed key that no record has."""
        return "999999999"


def readable(connector: Connector[Any]) -> list[Stream]:
    """Return the streams that can be read; skip the test if there are none."""
    found = [stream for stream in connector.streams.values() if stream.readable]
    if not found:
        pytest.skip("reads nothing")
    return found


def key_of(stream: Stream, record: Mapping[str, Any]) -> str | None:
    """Return a record's key as text."""
    key = place(record, stream.key)
    return None if key in (None, "") else str(key)


def earlier(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether a cursor lies before another, field by field: numbers as numbers, the rest as text."""
    return any(name in one and _sortable(one[name]) < _sortable(other[name]) for name in other)


def _sortable(value: Any) -> tuple[int, str]:
    text = str(value)
    return (len(text) if text.isdigit() else 0, text)


def _keys(stream: Stream, batches: Any) -> set[str | None]:
    found: list[Batch] = list(batches)
    return {key_of(stream, one) for batch in found for one in batch.records}


def _types(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))
