"""The mapping with SAP's real names, through the connector to an S/4 and back."""

from typing import Any

from crossroads.mapping import Notice, load
from crossroads.records import Change, State, Written

PERSON = {
    "kind": "person",
    "given_name": "Ana",
    "family_name": "Ruiz",
    "family_name2": "Soler",
    "title": "ms",
    "birth_date": "1980-02-29",
    "language": "es",
    "emails.main.address": "ana@ruiz.example",
    "phones.mobile.number": "+34612345678",
    "addresses.main.street": "Calle Mayor 5",
    "addresses.main.postal_code": "28013",
    "addresses.main.locality": "Madrid",
    "addresses.main.country": "ES",
}


def test_a_person_is_created_in_one_deep_post_and_read_as_the_same_person(connect: Any) -> None:
    connector, lens = connect(), load("sap_s4", "customer")
    stream = connector.streams["business_partners"]
    patch = lens.put(PERSON, reference="profile-1")
    assert patch is not None
    change = Change("c", patch.record, parts=patch.parts, reference="profile-1")
    (result,) = connector.write(stream, [change])
    assert isinstance(result, Written)
    document = lens.get(result.record)
    assert {path: document.get(path) for path in PERSON} == PERSON
    assert document["identifiers.erp"] == result.key
    assert lens.put(PERSON, base=result.record) is None
    assert [one.key for one in connector.find(stream, change)] == [result.key]


def test_a_new_email_street_and_name_change_three_entities_by_their_own_keys(connect: Any) -> None:
    connector, lens = connect(), load("sap_s4", "customer")
    stream = connector.streams["business_partners"]
    (base,) = connector.fetch(stream, ["2"])
    wanted = {
        "family_name": "Lee",
        "emails.main.address": "lee@new.example",
        "addresses.main.street": "New Street 9",
    }
    patch = lens.put(wanted, base=base)
    assert patch is not None
    assert {part.resource for part in patch.parts} == {"A_BusinessPartnerAddress", "A_AddressEmailAddress"}
    (result,) = connector.write(stream, [Change("u", patch.record, "2", patch.parts, base)])
    assert isinstance(result, Written)
    assert {path: lens.get(result.record)[path] for path in wanted} == wanted


def test_an_order_is_created_and_found_by_the_customers_reference(connect: Any) -> None:
    connector, lens = connect(), load("sap_s4", "order")
    stream = connector.streams["sales_orders"]
    order = {"reference": "#1001", "customer": "2", "placed_at": "2026-11-20T10:00:00Z", "currency": "EUR"}
    order |= {"lines.TG11.sku": "TG11", "lines.TG11.quantity": "2", "lines.TG11.unit": "C62"}
    patch = lens.put(order, reference="#1001")
    assert patch is not None
    change = Change("o", patch.record, reference="#1001")
    (result,) = connector.write(stream, [change])
    assert isinstance(result, Written)
    assert lens.get(result.record)["lines.TG11.quantity"] == "2"
    assert lens.get(result.record)["delivery_status"] == "open"
    assert [one.key for one in connector.find(stream, change)] == [result.key]
    # Orders are not changed afterwards: SAP's document date has no time, and that is no difference.
    assert lens.put(order, base=result.record) is None


def test_every_record_of_the_stand_in_is_understood(connect: Any) -> None:
    connector = connect()
    for name, entity in (("business_partners", "customer"), ("sales_orders", "order")):
        records = [one for batch in connector.read(connector.streams[name], State()) for one in batch.records]
        notices: list[Notice] = []
        documents = load("sap_s4", entity).read(records, notices)
        assert all(isinstance(one, dict) for one in documents)
        assert not notices
