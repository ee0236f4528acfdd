"""Reading an S/4: by key, by change date with overlap, through server paging, after a break."""

from typing import Any

import pytest

from crossroads.errors import ConfigError
from crossroads.records import State

SMALL = {"business_partners": {"page_size": 2}}


def keys(batches: Any) -> list[str]:
    return [one["BusinessPartner"] for batch in batches for one in batch.records]


def test_everything_comes_once_in_the_order_of_keys_and_is_known_to_be_complete(connect: Any) -> None:
    connector = connect(options=SMALL)
    batches = list(connector.read(connector.streams["business_partners"], State()))
    assert keys(batches) == ["1", "2", "3", "4", "5", "6"]
    assert [batch.last for batch in batches] == [False, False, False, True]


def test_a_server_that_cuts_pages_short_loses_nothing(connect: Any) -> None:
    connector = connect(options={"business_partners": {"page_size": 5}}, page_limit=2)
    assert keys(connector.read(connector.streams["business_partners"], State())) == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
    ]


def test_a_look_up_follows_a_server_that_cuts_pages_short_whatever_host_it_names(connect: Any) -> None:
    connector = connect(page_limit=2)
    stream = connector.streams["business_partners"]
    asked = ["6", "1", "77", "3", "2"]
    assert [one["BusinessPartner"] for one in connector.fetch(stream, asked)] == ["6", "1", "3", "2"]


def test_records_are_plain_lists_without_what_was_not_expanded(connect: Any) -> None:
    connector = connect(
        options={"business_partners": {"expand": ["to_BusinessPartnerAddress/to_EmailAddress"]}}
    )
    first = next(iter(connector.read(connector.streams["business_partners"], State()))).records[0]
    (address,) = first["to_BusinessPartnerAddress"]
    assert address["to_EmailAddress"][0]["EmailAddress"] == "ann1@one.example"
    assert "to_PhoneNumber" not in address
    assert "to_BusinessPartnerRole" not in first
    assert first["__metadata"]["uri"] == "A_BusinessPartner('1')"


def test_only_what_changed_since_the_day_before_is_read_again(connect: Any) -> None:
    connector = connect()
    stream = connector.streams["business_partners"]
    state = list(connector.read(stream, State()))[-1].state
    again = list(connector.read(stream, state))
    assert keys(again) == ["2"]
    assert again[-1].state == state
    assert not any(batch.last for batch in again)


def test_reading_can_start_at_a_time_where_records_tell_when_they_changed(connect: Any) -> None:
    connector = connect()
    stream = connector.streams["business_partners"]
    state = connector.state_at(stream, "2026-09-20T00:00:00Z")
    assert keys(connector.read(stream, state)) == keys(
        connector.read(stream, State({"changed": "2026-09-20T00:00:00"}))
    )
    silent = connect(options={"business_partners": {"changed": None}})
    with pytest.raises(ConfigError, match="cannot be read from a point in time"):
        silent.state_at(silent.streams["business_partners"], "2026-09-20T00:00:00Z")


def test_a_reading_that_broke_off_goes_on_behind_its_last_key(connect: Any) -> None:
    connector = connect(options=SMALL)
    stream = connector.streams["business_partners"]
    first = next(iter(connector.read(stream, State())))
    rest = list(connector.read(stream, first.state))
    assert keys(rest) == ["3", "4", "5", "6"]
    assert rest[-1].state == list(connector.read(stream, State()))[-1].state
    assert not rest[-1].last


def test_a_reading_of_changes_that_broke_off_keeps_its_filter(connect: Any) -> None:
    connector = connect(options={"business_partners": {"page_size": 1}})
    stream = connector.streams["business_partners"]
    since = State({"changed": "2026-09-20T00:00:00"})
    _, second, *_ = connector.read(stream, since)
    assert keys(connector.read(stream, second.state)) == keys(connector.read(stream, since))[2:]


def test_orders_are_read_by_the_minute(connect: Any) -> None:
    connector = connect()
    stream = connector.streams["sales_orders"]
    state = list(connector.read(stream, State()))[-1].state
    assert [one["SalesOrder"] for batch in connector.read(stream, state) for one in batch.records] == ["3"]


def test_a_service_without_our_entity_set_is_told_at_the_check(connect: Any) -> None:
    connector = connect(options={"business_partners": {"entity_set": "A_Nothing"}})
    with pytest.raises(ConfigError, match="offers no A_Nothing, which stream business_partners needs"):
        connector.check()


def test_a_misspelt_option_is_told_before_anything_is_sent(connect: Any) -> None:
    with pytest.raises(ConfigError, match="options of stream business_partners: expnad"):
        connect(options={"business_partners": {"expnad": []}})


def test_a_misspelt_setting_is_told_with_those_that_exist(connect: Any) -> None:
    with pytest.raises(ConfigError, match=r"cleint: .* Known settings: base_url, user, password, client"):
        connect(cleint="100")


def test_a_whole_listing_comes_with_saps_own_count_and_what_changed_with_none(connect: Any) -> None:
    connector = connect(options=SMALL)
    stream = connector.streams["business_partners"]
    batches = list(connector.read(stream, State()))
    assert [batch.total for batch in batches] == [6, None, None, None]
    assert {batch.total for batch in connector.read(stream, batches[-1].state)} == {None}


def test_a_narrowed_listing_counts_what_it_lists_and_the_others_are_there(connect: Any) -> None:
    connector = connect(options={"business_partners": {"filter": "BusinessPartner ne '3'"}})
    stream = connector.streams["business_partners"]
    batches = list(connector.read(stream, State()))
    assert (keys(batches), batches[0].total, batches[-1].last) == (["1", "2", "4", "5", "6"], 5, True)
    assert [one["BusinessPartner"] for one in connector.fetch(stream, ["3"])] == ["3"]
