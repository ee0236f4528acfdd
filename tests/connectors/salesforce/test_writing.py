"""What Salesforce's collections ask of writing."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.rows import outcome
from crossroads.records import Change, Rejected, Unknown, Written
from crossroads.testkit.faults import FaultyTransport

Opener = Callable[..., Salesforce]
ROOT = "/services/data/v67.0"


def update(n: int, **record: Any) -> Change:
    return Change(f"c{n}", record, key=f"0035g000000000{n}AAA")


def write(crm: Salesforce, *changes: Change) -> list[Any]:
    return list(crm.write(crm.streams["contacts"], changes))


def counted(org: str) -> dict[str, Any]:
    body: dict[str, Any] = requests.get(f"{org}/_sandbox/writes", timeout=5).json()
    return body


def test_a_failed_row_of_a_collection_rejects_only_its_record(opened: Opener, org: str) -> None:
    good, bad, last = update(1, FirstName="Ana"), update(2, FirstName="x" * 41), update(3, FirstName="Eva")
    first, second, third = write(opened(), good, bad, last)
    assert isinstance(first, Written)
    assert isinstance(third, Written)
    assert isinstance(second, Rejected)
    (reason,) = second.reasons
    assert reason.startswith("STRING_TOO_LONG at FirstName (message: text of ")
    assert counted(org)["updates"] == 2


@pytest.mark.parametrize(
    "row", [None, 1, "x", [], {}, {"success": "no"}, {"success": True}, {"success": True, "id": ""}]
)
def test_a_row_that_says_neither_yes_nor_no_is_lost_for_itself(row: Any) -> None:
    assert outcome(row).lost
    assert not outcome(row).reasons


@pytest.mark.parametrize("errors", [None, 1, "x", {"a": 1}, [1]])
def test_a_row_refused_for_reasons_that_cannot_be_read_is_refused(errors: Any) -> None:
    assert outcome({"success": False, "errors": errors}).reasons == ("refused without a reason",)


def test_what_the_org_made_of_a_write_comes_back_in_the_shape_of_reading(opened: Opener) -> None:
    crm = opened()
    (result,) = write(crm, update(1, MailingCountryCode="DE", FirstName=" Ana "))
    (read,) = crm.fetch(crm.streams["contacts"], ["0035g0000000001AAA"])
    assert result.record == read
    assert result.record["FirstName"] == "Ana", "the org trims; we must know, or it would look like an edit"


def test_two_hundred_and_one_rows_go_in_two_calls(opened: Opener, org: str) -> None:
    transport = FaultyTransport()
    crm = opened(transport)
    creates = [Change(f"c{n}", {"LastName": f"New {n}"}, reference=f"ref-{n}") for n in range(201)]
    results = write(crm, *creates)
    assert [result.change for result in results] == creates
    assert all(isinstance(result, Written) for result in results)
    assert [path for method, path in transport.seen if method == "PATCH"] == [
        f"{ROOT}/composite/sobjects/Contact/Crossroads_Id__c"
    ] * 2
    assert counted(org)["creates"] == 201


def test_creates_and_updates_mixed_keep_their_order(opened: Opener) -> None:
    changes = [
        Change("a", {"LastName": "New"}, reference="ref-a"),
        update(1, FirstName="Ana"),
        Change("b", {"FirstName": "Nameless"}, reference="ref-b"),
        update(2, FirstName="Eva"),
    ]
    results = write(opened(), *changes)
    assert [result.change for result in results] == changes
    assert [type(result) for result in results] == [Written, Written, Rejected, Written]


def test_the_same_create_twice_makes_one_contact(opened: Opener, org: str) -> None:
    crm = opened()
    create = Change("c1", {"LastName": "Moreno"}, reference="ref-1")
    first, second = write(crm, create)[0], write(crm, create)[0]
    assert first.key == second.key
    assert counted(org)["creates"] == 1


def test_a_case_is_found_again_by_the_reference_in_its_own_field(opened: Opener) -> None:
    crm = opened(transport := FaultyTransport())
    stream = crm.streams["cases"]
    create = Change("c1", {"Subject": "Late", "Crossroads_Id__c": "mastodon:1142"}, reference="intent-7")
    transport.fail("lost", when=lambda request: request.method == "PATCH")
    (lost,) = crm.write(stream, [create])
    assert isinstance(lost, Unknown)
    (found,) = crm.find(stream, create)
    assert found.record is not None
    assert found.record["Crossroads_Id__c"] == "mastodon:1142"


@pytest.mark.parametrize("reference", ["O'Brien's", "back\\slash", "mastodon:1 OR Name != null"])
def test_a_reference_cannot_break_out_of_the_query(opened: Opener, reference: str) -> None:
    crm = opened()
    create = Change("c1", {"LastName": "Moreno"}, reference=reference)
    (written,) = write(crm, create)
    assert [found.key for found in crm.find(crm.streams["contacts"], create)] == [written.key]


def test_a_locked_row_is_sent_again_and_only_it(opened: Opener, control: Any, org: str) -> None:
    control.post(f"{org}/_sandbox/lock", json={"ids": ["0035g0000000001AAA"], "times": 1})
    results = write(opened(), update(1, FirstName="Ana"), update(2, FirstName="Eva"))
    assert [type(result) for result in results] == [Written, Written]
    assert counted(org)["by_key"] == {"0035g0000000001AAA": 1, "0035g0000000002AAA": 1}


def test_a_row_that_stays_locked_is_rejected_with_the_vendors_code(
    opened: Opener, control: Any, org: str
) -> None:
    control.post(f"{org}/_sandbox/lock", json={"ids": ["0035g0000000001AAA"], "times": 9})
    (result,) = write(opened(), update(1, FirstName="Ana"))
    assert isinstance(result, Rejected)
    assert result.reasons[0].startswith("UNABLE_TO_LOCK_ROW")


def test_moving_to_another_country_clears_the_state_the_org_would_refuse(
    opened: Opener, control: Any, org: str
) -> None:
    american = {"MailingCountryCode": "US", "MailingStateCode": "CA"}
    assert control.patch(f"{org}{ROOT}/sobjects/Contact/0035g0000000001AAA", json=american).ok
    (result,) = write(opened(), update(1, MailingCountryCode="ES", MailingCity="Cádiz"))
    assert isinstance(result, Written), result
    assert result.record is not None
    assert result.record["MailingStateCode"] is None


def test_a_lost_look_after_a_write_does_not_hide_that_it_was_written(opened: Opener, org: str) -> None:
    crm = opened(transport := FaultyTransport())
    crm.check()
    transport.fail("busy", times=9, when=lambda request: request.method == "POST")
    (result,) = write(crm, update(1, FirstName="Ana"))
    assert isinstance(result, Written)
    assert result.record is None
    assert counted(org)["updates"] == 1


def test_an_update_without_an_answer_is_unknown_for_every_row(opened: Opener) -> None:
    crm = opened(transport := FaultyTransport())
    transport.fail("dropped", when=lambda request: request.method == "PATCH")
    results = write(crm, update(1, FirstName="Ana"), update(2, FirstName="Eva"))
    assert [type(result) for result in results] == [Unknown, Unknown]


def test_no_reason_repeats_what_the_org_quotes(opened: Opener) -> None:
    (result,) = write(opened(), update(1, Email="not-an-address"))
    assert isinstance(result, Rejected)
    assert "not-an-address" not in " ".join(result.reasons)
    assert result.reasons[0].startswith("INVALID_EMAIL_ADDRESS at Email")
