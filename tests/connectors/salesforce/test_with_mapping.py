"""Connector and mapping together: what we say arrives, is read back alike, and is not said twice."""

from collections.abc import Callable
from typing import Any

from connectors.salesforce.connector import Salesforce
from crossroads.mapping import load
from crossroads.records import Change, State, Written

Opener = Callable[..., Salesforce]

PERSON: dict[str, Any] = {
    "kind": "person",
    "title": "ms",
    "given_name": "María José",
    "family_name": "Vega Ruiz",
    "emails.main.address": "mj.vega@example.com",
    "phones.mobile.number": "+34612345678",
    "addresses.main.street": "Calle Ancha 12",
    "addresses.main.locality": "Cádiz",
    "addresses.main.postal_code": "11001",
    "addresses.main.country": "ES",
    "services.mastodon.user": "mjvega@social.example",
    "identifiers.erp": "1000042",
}


def test_a_new_person_is_read_back_as_it_was_said_and_a_second_write_is_silent(opened: Opener) -> None:
    crm, lens = opened(), load("salesforce", "customer")
    patch = lens.put(PERSON, reference="0197f3a0")
    assert patch is not None
    (result,) = crm.write(crm.streams["contacts"], [Change("c1", dict(patch.record), reference="0197f3a0")])
    assert isinstance(result, Written), result
    assert result.record is not None
    held = lens.get(result.record)
    assert {path: held[path] for path in PERSON} == PERSON
    assert lens.put(PERSON, result.record) is None


def test_the_state_of_another_country_is_gone_without_a_second_write(opened: Opener, org: str) -> None:
    crm, lens = opened(), load("salesforce", "customer")
    stream = crm.streams["contacts"]
    american = {"LastName": "Lee", "MailingCountryCode": "US", "MailingStateCode": "CA"}
    (made,) = crm.write(stream, [Change("c1", american, reference="r1")])
    wanted = lens.get(made.record) | {"addresses.main.country": "ES", "addresses.main.locality": "Cádiz"}
    patch = lens.put(wanted, made.record)
    assert patch is not None
    assert set(patch.record) == {"MailingCountryCode", "MailingCity"}
    (moved,) = crm.write(stream, [Change("c2", dict(patch.record), key=made.key)])
    assert isinstance(moved, Written), moved
    assert lens.put(wanted, moved.record) is None


def test_a_case_is_born_without_a_contact_and_gets_it_later(opened: Opener) -> None:
    crm, lens = opened(), load("salesforce", "interaction")
    stream = crm.streams["cases"]
    said = {
        "reference": "mastodon:1142",
        "channel": "mastodon",
        "content": "Late again",
        "author_handle": "a@b.c",
    }
    patch = lens.put(said, reference="intent-1")
    assert patch is not None
    (born,) = crm.write(stream, [Change("c1", dict(patch.record), reference="intent-1")])
    assert isinstance(born, Written), born
    known = said | {"author": "0035g0000000003AAA"}
    patch = lens.put(known, born.record)
    assert patch is not None
    (named,) = crm.write(stream, [Change("c2", dict(patch.record), key=born.key)])
    assert isinstance(named, Written), named
    assert lens.get(named.record)["author"] == "0035g0000000003AAA"
    assert lens.get(named.record)["case_status"] == "new"


def test_every_comment_refers_to_its_case(opened: Opener) -> None:
    crm, lens = opened(), load("salesforce", "interaction", stream="case_comments")
    comments = [
        record for batch in crm.read(crm.streams["case_comments"], State()) for record in batch.records
    ]
    assert {lens.get(comment)["in_reply_to"] for comment in comments} == {"5005g0000000001AAA"}
