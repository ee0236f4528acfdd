"""What Salesforce's own ways of listing, deleting and limiting ask of reading."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.salesforce import soql
from connectors.salesforce.connector import Salesforce
from crossroads.errors import AuthError, ConfigError, HistoryLost, Unavailable
from crossroads.records import Batch, State
from sandbox.salesforce.limits import Limits

Opener = Callable[..., Salesforce]
ROOT = "/services/data/v67.0"


def read(crm: Salesforce, stream: str, since: State | None = None) -> list[Batch]:
    return list(crm.read(crm.streams[stream], since or State()))


def ids(batches: list[Batch]) -> list[str]:
    return [record["Id"] for batch in batches for record in batch.records]


def test_contacts_come_page_by_page_in_the_order_of_their_changes(opened: Opener) -> None:
    batches = read(opened(), "contacts")
    assert [len(batch.records) for batch in batches] == [3, 3, 1]
    assert ids(batches) == [f"0035g000000000{n}AAA" for n in range(1, 8)]
    assert [batch.last for batch in batches] == [False, False, True]


def test_the_cursor_ends_at_the_time_of_the_query_so_that_old_records_are_not_read_again(
    opened: Opener,
) -> None:
    crm = opened()
    state = read(crm, "contacts")[-1].state
    assert ids(read(crm, "contacts", state)) == []


def test_a_change_within_the_overlap_is_read_again(opened: Opener, control: Any, org: str) -> None:
    crm = opened()
    state = read(crm, "contacts")[-1].state
    control.patch(f"{org}{ROOT}/sobjects/Contact/0035g0000000005AAA", json={"FirstName": "Ana"})
    batches = read(crm, "contacts", state)
    assert ids(batches) == ["0035g0000000005AAA"]
    assert not any(batch.last for batch in batches), "a listing since a time proves nothing absent"


def test_what_was_stamped_shortly_before_the_cursor_is_read_again(opened: Opener) -> None:
    crm = opened()
    stream = crm.streams["contacts"]

    def again(at: str) -> list[str]:
        return ids([next(crm.read(stream, State({"at": at, "gone_since": at})))])

    # The transaction of contact 7 began at 10:00 and may have become visible minutes later.
    assert again("2026-07-01T10:05:00Z") == ["0035g0000000007AAA"]
    assert again("2026-07-01T10:05:01Z") == []
    started = crm.read(stream, crm.state_at(stream, "2026-07-01T10:05:00Z"))
    assert ids([next(started)]) == ["0035g0000000007AAA"], "reading can start at a time"


def test_only_published_comments_leave_the_org(opened: Opener) -> None:
    assert ids(read(opened(), "case_comments")) == ["00a5g0000000001AAA", "00a5g0000000003AAA"]


def test_deleted_records_are_reported_once_the_delete_log_has_them(
    opened: Opener, control: Any, org: str
) -> None:
    crm = opened()
    state = read(crm, "contacts")[-1].state
    control.delete(f"{org}{ROOT}/sobjects/Contact/0035g0000000002AAA")
    since, told = state, list[list[str]]()
    # The log is asked for up to the whole second in which the org answered: what went within it comes with the next read.
    for _ in range(30):
        batches = read(crm, "contacts", since)
        since = batches[-1].state
        told += [list(batch.gone) for batch in batches if batch.gone]
        if told:
            break
        time.sleep(0.1)
    assert told == [["0035g0000000002AAA"]]
    assert since.cursor["gone_since"] >= state.cursor["gone_since"]


def test_what_is_taken_out_of_the_bin_comes_as_a_change_and_is_deleted_no_more(
    opened: Opener, control: Any, org: str
) -> None:
    crm = opened()
    state = read(crm, "contacts")[-1].state
    control.delete(f"{org}{ROOT}/sobjects/Contact/0035g0000000002AAA")
    assert list(crm.fetch(crm.streams["contacts"], ["0035g0000000002AAA"])) == []
    control.post(f"{org}/_sandbox/undelete", json={"ids": ["0035g0000000002AAA"]})
    batches = read(crm, "contacts", state)
    assert ids(batches) == ["0035g0000000002AAA"]
    assert [key for batch in batches for key in batch.gone] == []


def test_a_list_comes_with_the_orgs_own_count_and_shows_less_if_a_row_is_deleted_on_the_way(
    opened: Opener, control: Any, org: str
) -> None:
    crm = opened()
    reading = crm.read(crm.streams["contacts"], State())
    batches = [next(reading)]
    control.delete(f"{org}{ROOT}/sobjects/Contact/0035g0000000005AAA")
    batches += reading
    assert {batch.total for batch in batches} == {7}
    assert len(ids(batches)) == 6, "so the list proves nothing"
    assert len(ids(again := read(crm, "contacts"))) == again[-1].total == 6


def test_a_delete_log_that_was_cut_off_is_no_log_of_that_time(opened: Opener, control: Any, org: str) -> None:
    crm = opened()
    state = read(crm, "contacts")[-1].state
    control.delete(f"{org}{ROOT}/sobjects/Contact/0035g0000000002AAA")
    control.post(f"{org}/_sandbox/purge")
    a_minute_ago = soql.instant(soql.moment(state.cursor["gone_since"]) - timedelta(minutes=1))
    state = State({**state.cursor, "gone_since": a_minute_ago})
    with pytest.raises(HistoryLost, match="begins after the last read"):
        read(crm, "contacts", state)


class TestWhenTheOrgKeepsItsLogForADay:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(deleted_days=1)

    def test_a_refused_time_is_no_mistake_of_the_request(self, opened: Opener) -> None:
        two_days_ago = soql.instant(datetime.now(UTC) - timedelta(days=2))
        with pytest.raises(HistoryLost, match="does not reach back"):
            read(opened(), "contacts", State({"at": two_days_ago, "gone_since": two_days_ago}))


def test_a_delete_log_that_no_longer_reaches_back_is_an_alarm_after_the_records(opened: Opener) -> None:
    crm = opened()
    since = State({"at": "2026-03-15T00:00:00Z", "gone_since": "2026-03-15T00:00:00Z"})
    reading = crm.read(crm.streams["contacts"], since)
    found = ids([next(reading), next(reading)])
    assert found == [f"0035g000000000{n}AAA" for n in range(4, 8)]
    with pytest.raises(HistoryLost, match="for 15 days"):
        next(reading)


def test_a_missing_custom_field_is_named_by_check_and_by_reading(opened: Opener) -> None:
    changed = {"contacts": {"fields": ["Id", "SystemModstamp", "Shoe_Size__c"]}}
    crm = opened(streams=changed)
    with pytest.raises(ConfigError, match="Shoe_Size__c"):
        crm.check()
    with pytest.raises(ConfigError, match="INVALID_FIELD at Shoe_Size__c"):
        read(crm, "contacts")


def test_an_external_id_that_is_none_is_named_by_check(opened: Opener) -> None:
    crm = opened(streams={"contacts": {"external_id": "ERP_Number__c"}})
    with pytest.raises(ConfigError, match="ERP_Number__c as a unique external id"):
        crm.check()


def test_a_wrong_secret_is_an_auth_error_that_does_not_tell_it(opened: Opener) -> None:
    with pytest.raises(AuthError) as caught:
        opened(secret="hunter2-hunter2").check()
    assert "hunter2" not in str(caught.value)


def test_an_expired_session_is_renewed_in_the_middle_of_a_listing(
    opened: Opener, control: Any, org: str
) -> None:
    crm = opened()
    reading = crm.read(crm.streams["contacts"], State())
    first = next(reading)
    control.post(f"{org}/_sandbox/expire")
    assert len(ids([first, *reading])) == 7


class TestWhenTheDayIsUsedUp:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(page_size=3, calls_per_day=2)

    def test_it_waits_for_an_hour_instead_of_failing(self, opened: Opener) -> None:
        with pytest.raises(Unavailable) as caught:
            read(opened(call_share=1.0), "contacts")
        assert caught.value.retry_after == pytest.approx(3600, abs=60)

    def test_calls_that_others_used_up_are_told_by_the_first_answer(
        self, opened: Opener, org: str, control: Any
    ) -> None:
        for _ in range(3):
            control.get(f"{org}{ROOT}/query", params={"q": "SELECT Id FROM Case"})
        with pytest.raises(Unavailable, match="used up") as caught:
            read(opened(), "contacts")
        assert caught.value.retry_after == pytest.approx(3600, abs=60)

    def test_a_share_of_the_calls_is_left_to_others(self, opened: Opener, org: str) -> None:
        crm = opened(call_share=0.5)
        with pytest.raises(Unavailable, match="what it allows us is used up"):
            read(crm, "contacts")
