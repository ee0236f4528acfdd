"""Writing to an S/4: changesets, versions, tokens, and nested entities by their own key."""

from typing import Any

import requests

from crossroads.records import Change, Part, Record, Rejected, Unknown, Written
from crossroads.testkit.faults import FaultyTransport

EMAIL = ("to_BusinessPartnerAddress", "to_EmailAddress")


def held(connector: Any, stream: str, key: str) -> Record:
    (record,) = connector.fetch(connector.streams[stream], [key])
    return dict(record)


def email_part(base: Record, address: str) -> Part:
    entity = base["to_BusinessPartnerAddress"][0]["to_EmailAddress"][0]
    key = {name: entity[name] for name in ("AddressID", "Person", "OrdinalNumber")}
    return Part(EMAIL, "A_AddressEmailAddress", key, {"EmailAddress": address}, exists=True)


def write(connector: Any, stream: str, *changes: Change) -> list[Any]:
    return list(connector.write(connector.streams[stream], changes))


def test_a_root_and_a_nested_entity_change_together_and_come_back_as_they_are(connect: Any) -> None:
    connector = connect()
    base = held(connector, "business_partners", "2")
    change = Change("u", {"LastName": "Lee"}, "2", [email_part(base, "lee@two.example")], base)
    (result,) = write(connector, "business_partners", change)
    assert isinstance(result, Written)
    assert result.record == held(connector, "business_partners", "2")
    assert result.record["LastName"] == "Lee"
    assert (
        result.record["to_BusinessPartnerAddress"][0]["to_EmailAddress"][0]["EmailAddress"]
        == "lee@two.example"
    )


def test_a_refused_part_undoes_its_own_change_and_no_other(connect: Any) -> None:
    connector = connect()
    two, three = (held(connector, "business_partners", key) for key in "23")
    bad = Change("bad", {"LastName": "Half"}, "2", [email_part(two, "x" * 242)], two)
    good = Change("good", {"LastName": "Whole"}, "3", (), three)
    first, second = write(connector, "business_partners", bad, good)
    assert isinstance(first, Rejected)
    assert "EmailAddress" in first.reasons[0]
    assert "xxx" not in first.reasons[0]
    assert isinstance(second, Written)
    assert held(connector, "business_partners", "2")["LastName"] == "Number 2"
    assert held(connector, "business_partners", "3")["LastName"] == "Whole"


def test_a_missing_address_is_created_with_its_email_in_one_piece(connect: Any) -> None:
    connector = connect()
    (made,) = write(
        connector,
        "business_partners",
        Change("c", {"BusinessPartnerCategory": "2", "OrganizationBPName1": "Firm"}),
    )
    parts = [
        Part(EMAIL[:1], "A_BusinessPartnerAddress", {}, {"Country": "DE"}, exists=False),
        Part(
            EMAIL,
            "A_AddressEmailAddress",
            {},
            {"EmailAddress": "firm@x.example", "IsDefaultEmailAddress": True},
            exists=False,
        ),
    ]
    (result,) = write(connector, "business_partners", Change("u", {}, made.key, parts, made.record))
    assert isinstance(result, Written)
    (address,) = result.record["to_BusinessPartnerAddress"]
    assert [one["EmailAddress"] for one in address["to_EmailAddress"]] == ["firm@x.example"]


def test_a_missing_email_is_created_below_its_address(connect: Any) -> None:
    connector = connect()
    base = held(connector, "business_partners", "2")
    number = base["to_BusinessPartnerAddress"][0]["AddressID"]
    phone = {"PhoneNumber": "228123456", "DestinationLocationCountry": "DE", "IsDefaultPhoneNumber": True}
    part = Part(
        (EMAIL[0], "to_PhoneNumber"), "A_AddressPhoneNumber", {"AddressID": number}, phone, exists=False
    )
    (result,) = write(connector, "business_partners", Change("u", {}, "2", [part], base))
    assert result.record["to_BusinessPartnerAddress"][0]["to_PhoneNumber"][0]["PhoneNumber"] == "228123456"


def test_a_record_that_somebody_changed_meanwhile_is_a_conflict(connect: Any) -> None:
    connector = connect()
    base = held(connector, "sales_orders", "1")
    (other,) = write(connector, "sales_orders", Change("other", {"DeliveryBlockReason": "01"}, "1", (), base))
    assert isinstance(other, Written)
    (result,) = write(connector, "sales_orders", Change("mine", {"DeliveryBlockReason": "02"}, "1", (), base))
    assert isinstance(result, Rejected)
    assert result.conflict


def test_a_nested_list_in_a_patch_is_refused_because_sap_would_ignore_it(connect: Any) -> None:
    connector = connect()
    (result,) = write(connector, "business_partners", Change("u", {"to_BusinessPartnerAddress": [{}]}, "2"))
    assert isinstance(result, Rejected)
    assert "to_BusinessPartnerAddress cannot be changed" in result.reasons[0]


def test_a_token_that_ran_out_is_fetched_once_more_and_the_write_sent_once_more(connect: Any) -> None:
    transport = FaultyTransport()
    connector = connect(transport)
    write(connector, "business_partners", Change("one", {"LastName": "One"}, "2"))
    requests.post(f"{connector.http.base_url}/_sandbox/end_sessions", timeout=5)
    transport.seen.clear()
    (result,) = write(connector, "business_partners", Change("two", {"LastName": "Two"}, "2"))
    assert isinstance(result, Written)
    assert [path.rsplit("/", 1)[1] for _, path in transport.seen] == [
        "$batch",
        "",
        "$batch",
        "A_BusinessPartner",
    ]


def test_many_changes_go_in_few_calls(connect: Any) -> None:
    transport = FaultyTransport()
    connector = connect(transport)
    changes = [
        Change(f"c{number}", {"BusinessPartnerCategory": "1", "LastName": f"New {number}"})
        for number in range(60)
    ]
    results = write(connector, "business_partners", *changes)
    assert [one.change.id for one in results] == [one.id for one in changes]
    assert all(isinstance(one, Written) for one in results)
    assert sum(path.endswith("$batch") for _, path in transport.seen) == 3


def test_a_batch_whose_answer_is_cut_off_leaves_every_change_unknown(connect: Any) -> None:
    transport = FaultyTransport()
    connector = connect(transport)
    transport.fail("truncated", when=lambda request: request.url.endswith("$batch"))
    changes = [Change("a", {"LastName": "A"}, "2"), Change("b", {"LastName": "B"}, "3")]
    assert [type(one) for one in write(connector, "business_partners", *changes)] == [Unknown, Unknown]


def test_a_written_record_that_cannot_be_read_again_is_written_all_the_same(connect: Any) -> None:
    transport = FaultyTransport()
    connector = connect(transport)
    transport.fail("busy", times=9, when=lambda request: "A_BusinessPartner" in request.url)
    (result,) = write(connector, "business_partners", Change("u", {"LastName": "Lee"}, "2"))
    assert isinstance(result, Written)
    assert result.record is None
