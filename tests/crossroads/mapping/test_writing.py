"""A lens says documents as the smallest patch, or as a new record."""

from copy import deepcopy
from typing import Any

import pytest

from crossroads.errors import RecordRejected
from crossroads.mapping import Lens, Patch, load
from crossroads.records import Part
from crossroads.testkit.applying import apply

PARTNER: dict[str, Any] = {
    "Number": "42",
    "Category": "1",
    "First": "Ann",
    "Last": "Lee",
    "Title": "0001",
    "Language": "PT",
    "profile": {"handle": "ann", "theme": "dark"},
    "addresses": [
        {
            "AddressID": "7",
            "Street": "Hauptstr.",
            "House": "5",
            "Country": "DE",
            "mails": [{"AddressID": "7", "Seq": "2", "default": True, "Address": "Ann@Example.COM"}],
            "mobiles": [{"AddressID": "7", "Seq": "1", "No": "0170 1234567"}],
        }
    ],
}
BELOW = ("addresses", "mails")


@pytest.fixture
def lens(write: object) -> Lens:
    return load("acme", "customer")


def test_writing_back_what_was_read_sends_nothing(lens: Lens) -> None:
    assert lens.put(lens.get(PARTNER), PARTNER) is None


@pytest.mark.parametrize(
    ("change", "record", "parts"),
    [
        ({"given_name": "Eva"}, {"First": "Eva"}, []),
        ({"given_name": None}, {"First": ""}, []),
        ({"services.forum.user": "eva"}, {"profile": {"handle": "eva"}}, []),
        (
            {"addresses.main.street": "Hauptstr. 6"},
            {},
            [("Address", {"Number": "42", "AddressID": "7"}, {"House": "6"})],
        ),
        (
            {"emails.main.address": "e@x.example"},
            {},
            [("Mail", {"AddressID": "7", "Seq": "2"}, {"Address": "e@x.example"})],
        ),
        ({"emails.main.address": "ann@example.com"}, None, []),
        ({"given_name": " Ann"}, None, []),
        ({"language": "pt-BR"}, None, []),
        ({"title": "mr"}, {"Title": "0002"}, []),
        ({"kind": "organization"}, None, []),
        ({"identifiers.erp": "43"}, None, []),
    ],
    ids=lambda value: next(iter(value), "none") if isinstance(value, dict) else None,
)
def test_a_patch_holds_only_what_means_something_else(
    lens: Lens, change: dict[str, Any], record: dict[str, Any] | None, parts: list[Any]
) -> None:
    patch = lens.put(change, PARTNER)
    if record is None:
        assert patch is None
    else:
        assert patch is not None
        assert patch.record == record
        assert [(part.resource, part.key, part.record) for part in patch.parts] == parts
        assert all(part.exists for part in patch.parts)


def test_a_missing_nested_entity_is_created_below_its_parent(lens: Lens) -> None:
    record = deepcopy(PARTNER)
    record["addresses"][0]["mails"] = [{"Seq": "1", "default": False, "Address": "other@example.com"}]
    patch = lens.put({"emails.main.address": "ann@example.com"}, record)
    said = {"default": True, "Address": "ann@example.com"}
    assert patch == Patch({}, (Part(BELOW, "Mail", {"AddressID": "7"}, said, exists=False),))


@pytest.mark.parametrize("other", [{}, {"default": "yes"}], ids=["does not say", "says otherwise"])
def test_no_second_item_is_made_while_nobody_can_tell_whether_one_of_them_is_it(
    lens: Lens, other: dict[str, Any]
) -> None:
    record = deepcopy(PARTNER)
    record["addresses"][0]["mails"] = [{"Seq": "1", "Address": "ann@example.com", **other}]
    held = lens.get(PARTNER)
    with pytest.raises(RecordRejected, match="place mail: an item of mails does not say default"):
        lens.put({"emails.main.address": "e@x.example"}, record, held)
    assert lens.put({"given_name": "Eva"}, record, held) == Patch({"First": "Eva"})


def test_a_missing_parent_takes_its_new_children_along(lens: Lens) -> None:
    patch = lens.put({"emails.main.address": "ann@example.com"}, {**PARTNER, "addresses": []})
    said = {"uses": [{"use": "main"}], "mails": [{"default": True, "Address": "ann@example.com"}]}
    assert patch == Patch({}, (Part(("addresses",), "Address", {"Number": "42"}, said, exists=False),))


def test_constants_of_a_place_are_never_changed_by_writing(lens: Lens) -> None:
    first = lens.put({"addresses.main.country": "ES"}, {**PARTNER, "addresses": []})
    assert first is not None
    first.parts[0].record["uses"].append({"use": "spoilt"})
    second = lens.put({"addresses.main.country": "ES"}, {**PARTNER, "addresses": []})
    assert second is not None
    assert second.parts[0].record["uses"] == [{"use": "main"}]


def test_a_national_number_is_said_anew_when_its_country_changes(lens: Lens) -> None:
    document = lens.get(PARTNER) | {"addresses.main.country": "ES"}
    patch = lens.put(document, PARTNER)
    assert patch is not None
    after = apply(lens, PARTNER, patch)
    assert lens.get(after)["phones.mobile.number"] == "+491701234567"


def test_an_item_inside_the_record_is_told_by_its_own_key(lens: Lens) -> None:
    record = {
        **PARTNER,
        "moves": [{"Id": 1, "type": "new", "City": "Bonn"}, {"Id": 2, "type": "old", "City": "Jena"}],
    }
    patch = lens.put({"addresses.old.locality": "Ulm"}, record)
    assert patch == Patch({"moves": [{"type": "old", "Id": 2, "City": "Ulm"}]})
    assert apply(lens, record, patch)["moves"][0]["City"] == "Bonn"


def test_a_record_keeps_its_kind_and_gets_no_fields_of_another(lens: Lens) -> None:
    patch = lens.put({"kind": "organization", "legal_name": "Blue Door", "given_name": "Eva"}, PARTNER)
    assert patch == Patch({"First": "Eva"})


def test_every_reason_against_a_write_is_told_without_the_value(lens: Lens) -> None:
    with pytest.raises(RecordRejected) as refused:
        lens.put(
            {"given_name": "Maximiliana Sofia", "family_name": "Oberhuber-Klein", "title": "mx"}, PARTNER
        )
    assert [reason.split()[0] for reason in refused.value.reasons] == ["given_name", "family_name", "title"]
    assert "text of 17" in refused.value.reasons[0]
    assert "Maximiliana" not in str(refused.value)


def test_a_name_is_never_cut_to_fit_its_columns(lens: Lens) -> None:
    company = {"Number": "1", "Category": "2", "Name1": "Blue Door", "Name2": ""}
    with pytest.raises(RecordRejected, match="2 x 12"):
        lens.put({"legal_name": "Blue Door Bakery and Sons Incorporated"}, company)


def test_a_new_record_is_whole_and_nested_with_its_constants_and_reference(lens: Lens) -> None:
    patch = lens.put(lens.get(PARTNER) | {"family_name": None}, reference="R-7")
    assert patch is not None
    assert patch.parts == ()
    assert patch.record["Own"] == "R-7"
    assert patch.record["Roles"] == [{"Role": "customer"}]
    assert "Last" not in patch.record
    assert patch.record["addresses"] == [
        {
            "uses": [{"use": "main"}],
            "Country": "DE",
            "Street": "Hauptstr.",
            "House": "5",
            "mails": [{"default": True, "Address": "ann@example.com"}],
            "mobiles": [{"No": "0170 1234567"}],
        }
    ]


def test_items_are_changed_by_key_never_by_position(write: object) -> None:
    lens = load("acme", "order")
    base = {
        "Id": 1,
        "Name": "#1",
        "Items": [{"Material": "A", "Quantity": "1"}, {"Material": "B", "Quantity": "2"}],
    }
    patch = lens.put(
        {"lines.B.quantity": "5", "lines.B.sku": "B", "lines.C.sku": "C", "reference": "#2"}, base
    )
    assert patch == Patch({"Items": [{"Material": "B", "Quantity": "5"}, {"Material": "C"}]})
    assert apply(lens, base, patch)["Items"] == [
        {"Material": "A", "Quantity": "1"},
        {"Material": "B", "Quantity": "5"},
        {"Material": "C"},
    ]


def test_an_item_that_is_gone_is_neither_emptied_nor_made(write: object) -> None:
    lens = load("acme", "order")
    gone = {"lines.B.sku": None, "lines.B.quantity": None}
    base = {"Id": 1, "Items": [{"Material": "B", "Quantity": "2"}]}
    assert lens.put(gone, base) is None
    assert lens.put(gone, {"Id": 1, "Items": []}) is None
    assert lens.put({"reference": "#1", **gone}) == Patch({"Name": "#1"})


def test_more_decimal_places_than_the_system_keeps_are_refused_not_rounded(write: object) -> None:
    with pytest.raises(RecordRejected, match="2 decimal places"):
        load("acme", "order").put({"net_total": "1.005"}, {"Id": 1, "Net": "1.00"})


def test_a_field_that_is_only_written_is_sent_when_it_is_seen_to_differ(
    write: Any, customer_yaml: str
) -> None:
    write(
        "acme/customer.yaml", customer_yaml.replace("{at: First, max: 10,", "{at: First, max: 10, flow: out,")
    )
    lens = load("acme", "customer")
    assert "given_name" not in lens.get(PARTNER)
    assert lens.put({"given_name": "Ann"}, PARTNER) is None
    assert lens.put({"given_name": "Eva"}, PARTNER) == Patch({"First": "Eva"})
    assert lens.put({"given_name": "Eva"}, {"Number": "42", "Category": "1"}) is None
