"""A lens reads records as documents."""

from copy import deepcopy
from typing import Any

import pytest

from crossroads.errors import RecordRejected
from crossroads.mapping import Lens, Notice, load

PARTNER: dict[str, Any] = {
    "Number": "0000000042",
    "Category": "1",
    "First": " Ann ",
    "Last": "Lee",
    "Name1": "",
    "Title": "W",
    "Language": "DE",
    "Blocked": False,
    "Day": "/Date(1795305600000)/",
    "Time": "PT10H30M00S",
    "Unmapped": "kept",
    "profile": {"handle": "@Ann"},
    "addresses": [
        {
            "AddressID": "7",
            "Street": "Hauptstr.",
            "House": "5",
            "Country": "DE",
            "mails": [
                {"Seq": "1", "default": False, "Address": "old@example.com"},
                {"Seq": "2", "default": True, "Address": "Ann@Example.COM"},
            ],
            "mobiles": [{"Seq": "1", "No": "0170 1234567"}],
        }
    ],
}

SAID = {
    "kind": "person",
    "given_name": "Ann",
    "family_name": "Lee",
    "title": "ms",
    "language": "de",
    "status": "active",
    "emails.main.address": "ann@example.com",
    "phones.mobile.number": "+491701234567",
    "addresses.main.street": "Hauptstr. 5",
    "addresses.main.country": "DE",
    "services.forum.user": "ann",
    "identifiers.erp": "42",
}


def changed(**change: Any) -> dict[str, Any]:
    """The partner with other values; `address__x` changes its address, None as a name's value stays None."""
    record = deepcopy(PARTNER)
    for name, value in change.items():
        if name.startswith("address__"):
            record["addresses"][0][name.removeprefix("address__")] = value
        else:
            record[name] = value
    return record


@pytest.fixture
def lens(write: object) -> Lens:
    return load("acme", "customer")


def test_a_record_is_read_as_a_flat_document(lens: Lens) -> None:
    assert lens.get(PARTNER) == SAID
    assert lens.key(PARTNER) == "42"
    assert lens.changed_at(PARTNER) == "2026-11-22T10:30:00Z"


def test_an_absent_key_leaves_its_path_out_and_an_empty_one_says_nothing(lens: Lens) -> None:
    record = changed(Last="")
    del record["First"]
    said = lens.get(record)
    assert "given_name" not in said
    assert said["family_name"] is None


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ([], {"emails.main.address": None, "addresses.main.street": None, "addresses.main.country": None}),
        (None, {"emails.main.address": None, "addresses.main.street": None, "addresses.main.country": None}),
        ([{"mails": []}], {"emails.main.address": None}),
        ([{"Country": ""}], {"addresses.main.country": None}),
        ([{}], {}),
    ],
    ids=["no address", "null", "no mail", "blank country", "nothing expanded"],
)
def test_an_empty_place_empties_its_fields_and_an_unexpanded_one_leaves_them_out(
    lens: Lens, addresses: Any, said: dict[str, Any]
) -> None:
    read = lens.get(changed(addresses=addresses))
    places = {path: value for path, value in read.items() if path.startswith(("emails", "addresses"))}
    assert places == said


@pytest.mark.parametrize(
    ("addresses", "said", "odd"),
    [
        ([{"Street": "Hauptstr."}], {}, ["addresses.main.street"]),
        ([{"House": "5"}], {}, ["addresses.main.street"]),
        ([{"Street": "Hauptstr.", "House": None}], {"addresses.main.street": "Hauptstr."}, []),
        ([{"Street": None, "House": None}], {"addresses.main.street": None}, []),
        ([{}], {}, []),
    ],
    ids=["no house number sent", "no street sent", "no house number", "neither", "neither sent"],
)
def test_what_is_said_in_several_fields_is_read_only_where_all_of_them_are_sent(
    lens: Lens, addresses: Any, said: dict[str, Any], odd: list[str]
) -> None:
    notices: list[Notice] = []
    (read,) = lens.read([changed(addresses=addresses)], notices)
    assert not isinstance(read, RecordRejected)
    assert {path: value for path, value in read.items() if path.startswith("addresses")} == said
    assert [notice.path for notice in notices] == odd
    assert all("address.House" in notice.reason for notice in notices)


def test_a_time_of_which_one_field_is_not_sent_is_not_known(lens: Lens) -> None:
    record = changed()
    del record["Time"]
    assert lens.changed_at(record) is None
    assert lens.changed_at(changed(Time=None)) == "2026-11-22T00:00:00Z"


@pytest.mark.parametrize(
    ("item", "known"),
    [
        ({"default": False, "Address": "old@x.example"}, True),
        ({"default": None, "Address": "old@x.example"}, True),
        ({"Address": "old@x.example"}, False),
        ({"default": "true", "Address": "old@x.example"}, False),
        ({"default": 1.5, "Address": "old@x.example"}, False),
    ],
    ids=["says no", "null", "does not say", "a text", "a number"],
)
def test_a_place_is_empty_only_if_every_item_says_that_it_is_not_the_one(
    lens: Lens, item: dict[str, Any], known: bool
) -> None:
    said = lens.get(changed(address__mails=[{"default": False, "Address": "o@x.example"}, item]))
    assert said.get("emails.main.address", "not said") == (None if known else "not said")


def test_fields_of_one_kind_are_read_of_that_kind_only(lens: Lens) -> None:
    said = lens.get(changed(Category="2", Name1="Blue Door", Name2="Bakery"))
    assert said["legal_name"] == "Blue Door Bakery"
    assert "given_name" not in said


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"Title": "0077"}, "title"),
        ({"Language": "QQ"}, "language"),
        ({"Category": "9"}, "kind"),
        ({"Last": ["x"]}, "family_name"),
        ({"address__mails": [{"default": True, "Address": "not an address"}]}, "emails.main.address"),
        ({"address__mobiles": [{"No": "12"}]}, "phones.mobile.number"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_translated_is_set_aside_and_told_without_its_value(
    lens: Lens, change: dict[str, Any], path: str
) -> None:
    notices: list[Notice] = []
    (said,) = lens.read([changed(**change)], notices)
    assert not isinstance(said, RecordRejected)
    assert path not in said
    assert [(notice.key, notice.path) for notice in notices] == [("42", path)]
    assert "not an address" not in notices[0].reason
    assert "0077" not in notices[0].reason


def test_a_bad_record_is_rejected_with_every_reason_and_the_batch_goes_on(lens: Lens) -> None:
    bad = changed(address__Country="Atlantis", profile=7)
    first, rejected, last = lens.read([PARTNER, bad, PARTNER], [])
    assert first == last == SAID
    assert isinstance(rejected, RecordRejected)
    assert len(rejected.reasons) == 2
    assert "addresses.main.country" in str(rejected)
    assert "place profile" in str(rejected)
    assert "Atlantis" not in str(rejected)


@pytest.mark.parametrize("number", [None, "", " "])
def test_a_record_without_its_key_is_rejected(lens: Lens, number: Any) -> None:
    with pytest.raises(RecordRejected, match="Number is missing or empty"):
        lens.key(changed(Number=number))


def test_a_key_may_lie_deeper_even_where_a_place_has_its_name(write: Any, customer_yaml: str) -> None:
    write("acme/customer.yaml", customer_yaml.replace("key: {at: Number, as: alpha}", "key: profile.id"))
    assert load("acme", "customer").key({"profile": {"id": 7}}) == "7"


def test_items_are_found_by_their_key_and_doubles_get_a_label_of_their_own(write: object) -> None:
    items = [
        {"Material": "A-1", "Quantity": "2.000", "Unit": "PC"},
        {"Material": "B.2/x", "Quantity": "1", "Unit": "KG"},
        {"Material": "A-1", "Quantity": "3", "Unit": "PC"},
        {"Material": None, "Quantity": "4"},
    ]
    said = load("acme", "order").get({"Id": 1, "Buyer": "0042", "Items": items})
    assert said["customer"] == "42"
    assert {path: value for path, value in said.items() if path.endswith("quantity")} == {
        "lines.A-1.quantity": "2",
        "lines.B%2E2%2Fx.quantity": "1",
        "lines.A-1/2.quantity": "3",
        "lines.-.quantity": "4",
    }


@pytest.mark.parametrize(
    ("items", "labels", "odd"),
    [
        ([{"Quantity": "1"}, {"Quantity": "2"}], set(), ["lines"]),
        ([{"Material": {"id": 1}, "Quantity": "1"}], set(), ["lines"]),
        ([{"Material": None, "Quantity": "1"}], {"-"}, []),
        ([{"Material": "", "Quantity": "1"}, {"Quantity": "2"}], {"-", "-/2"}, []),
        ([], set(), []),
    ],
    ids=["not sent", "unreadable", "null", "empty", "no items"],
)
def test_a_list_is_set_aside_if_none_of_its_items_shows_its_key(
    write: object, items: Any, labels: set[str], odd: list[str]
) -> None:
    notices: list[Notice] = []
    (said,) = load("acme", "order").read([{"Id": 1, "Items": items}], notices)
    assert not isinstance(said, RecordRejected)
    assert {path.split(".")[1] for path in said} == labels
    assert [notice.path for notice in notices] == odd
    assert all("Material" in notice.reason for notice in notices)


HELD = ["reference", "lines.A-1.sku", "lines.A-1.quantity", "lines.B.sku", "lines.-.quantity"]


@pytest.mark.parametrize(
    ("shown", "gone"),
    [
        ({"Items": [{"Material": "A-1"}]}, {"lines.B.sku", "lines.-.quantity"}),
        ({"Items": [{"Material": "A-1"}, {"Material": None}]}, {"lines.B.sku"}),
        ({"Items": []}, set(HELD[1:])),
        ({"Items": [{"Material": "A-1"}, {"Quantity": "1"}]}, set()),
        ({"Items": None}, set()),
        ({}, set()),
    ],
    ids=["others", "one without key", "none", "a key is not sent", "null", "not shown"],
)
def test_what_is_held_of_items_that_a_list_shows_no_more_is_said_to_be_gone(
    write: object, shown: dict[str, Any], gone: set[str]
) -> None:
    lens, record = load("acme", "order"), {"Id": 1, **shown}
    document = lens.get(record)
    assert lens.completed(record, document, HELD) == {**document, **dict.fromkeys(gone)}


@pytest.mark.parametrize(
    ("field", "value"), [("Currency", "XYQ"), ("Items", [{"Material": "A", "Unit": "??"}])]
)
def test_unknown_currencies_and_units_reject_the_record(write: object, field: str, value: Any) -> None:
    with pytest.raises(RecordRejected):
        load("acme", "order").get({"Id": 1, field: value})


def test_the_lens_tells_what_it_reads_and_refers_to(write: object) -> None:
    lens = load("acme", "order")
    assert lens.references["customer"].stream == "partners"
    assert lens.says("lines.A-1.sku")
    assert not lens.says("lines.A-1.colour")
    assert lens.writes("lines.A-1.sku")
    assert not load("acme", "customer").writes("identifiers.erp")
    assert lens.sources == {"Id", "Name", "Buyer", "Currency", "Net", "Items"}
    assert "'Buyer'" in lens.source
