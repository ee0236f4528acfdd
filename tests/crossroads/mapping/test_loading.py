"""A mistake in a mapping is told when the file is loaded, with the file and the key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossroads.errors import MappingError
from crossroads.mapping import load

Write = Callable[[str, str], Path]

MISTAKES = [
    ("stream: partners", "stream: partners\nstraem: x", "straem"),
    (
        "max: 10, when: person}\n  family",
        "mx: 10, when: person}\n  family",
        "fields.given_name: codec 'text': mx",
    ),
    ("  given_name:", "  nick_name:", "a customer has no field 'nick_name'"),
    ("as: email, max: 40", "as: e_mail", "no codec is called 'e_mail'"),
    ("{at: Last, max: 10", "{at: First, max: 10", "First is written by given_name too"),
    ("mail.Address", "mial.Address", "'mial' must be one of the places"),
    ("within: address, pick", "within: adress, pick", "no place is called 'adress'"),
    ("list: title}", "list: titles}", "mappings/codes/titles.yaml is missing"),
    ('organization: "2"', 'company: "2"', "fields.kind: codec 'choice' can say 'company'"),
    ("identity: [emails", "identity: [mails", "identity: 'mails.main.address'"),
    ("parts: 2", "parts: 3", "as many paths"),
    ("when: organization", "when: company", "not a kind of customer"),
    ("  given_name:", "  family_name:", "is there twice"),
    ("as: sap_timestamp}", "as: sap_timestamp, zone: Mars/Olympus}", "is not a time zone"),
    ("  legal_name: {", "  legal_name: {]", "is not YAML"),
    ("style: national", "style: local", "style"),
    ("system: acme", "system: acmee", "must say acme/customer, acme and customer"),
]


@pytest.mark.parametrize(("right", "wrong", "told"), MISTAKES, ids=[told for _, _, told in MISTAKES])
def test_a_mistake_is_told(write: Write, customer_yaml: str, right: str, wrong: str, told: str) -> None:
    assert right in customer_yaml
    write("acme/customer.yaml", customer_yaml.replace(right, wrong, 1))
    with pytest.raises(MappingError) as refused:
        load("acme", "customer")
    assert told in str(refused.value)
    assert "mappings/" in str(refused.value)


def test_all_mistakes_of_a_file_are_told_at_once(write: Write, customer_yaml: str) -> None:
    write(
        "acme/customer.yaml",
        customer_yaml.replace("as: email", "as: mail").replace("as: handle", "as: handel"),
    )
    with pytest.raises(MappingError, match=r"'mail'.*'handel'"):
        load("acme", "customer")


def test_a_codec_that_only_reads_must_not_be_written(write: Write, order_yaml: str) -> None:
    write("acme/order.yaml", order_yaml.replace("{at: Name, on: create}", "{at: Name, as: html}"))
    with pytest.raises(MappingError, match="only reads; say flow: in"):
        load("acme", "order")


def test_text_is_no_answer_where_the_model_wants_a_moment(write: Write, order_yaml: str) -> None:
    write("acme/order.yaml", order_yaml.replace("  currency:", "  placed_at: {at: Day}\n  currency:"))
    with pytest.raises(MappingError, match=r"fields\.placed_at: codec 'text' can say"):
        load("acme", "order")


def test_numbers_and_words_of_yaml_1_1_stay_what_they_look_like(write: Write) -> None:
    write("codes/title.yaml", "list: title\nsystems:\n  acme: {0001: ms, no: mr, on: mx}\n")
    lens = load("acme", "customer")
    assert [lens.get({"Title": code})["title"] for code in ("0001", "no", "on")] == ["ms", "mr", "mx"]


def test_a_missing_mapping_names_those_there_are(write: Write) -> None:
    with pytest.raises(
        MappingError, match=r"acme/interaction.yaml is missing; mappings of acme: customer, order"
    ):
        load("acme", "interaction")


def test_a_second_stream_of_an_entity_has_a_file_of_its_own(write: Write, order_yaml: str) -> None:
    second = order_yaml.replace("acme/order", "acme/order.returns").replace(
        "stream: orders", "stream: returns"
    )
    write("acme/order.returns.yaml", second)
    assert load("acme", "order").stream == "orders"
    assert load("acme", "order", stream="orders").stream == "orders"
    assert load("acme", "order", stream="returns").stream == "returns"
    with pytest.raises(MappingError, match=r"write mappings/acme/order\.quotes\.yaml"):
        load("acme", "order", stream="quotes")


OVERLAY = """
overlay: branch
mapping: acme/customer
why: an older release
places:
  mail: null
  mobile: null
fields:
  emails.main.address: {at: address.Email, as: email}
  phones.mobile.number: null
  identifiers.branch: {at: Branch}
stream: {path: /old}
"""


def test_an_overlay_changes_only_its_own_lines(write: Write) -> None:
    write("overlays/branch/customer.yaml", OVERLAY)
    plain, own = load("acme", "customer"), load("acme", "customer", overlay="branch")
    record = {
        "First": "Ann",
        "Category": "1",
        "Title": "0009",
        "Branch": "7",
        "addresses": [{"Email": "a@b.example"}],
    }
    assert own.get(record) | {"kind": "person"} == {
        "kind": "person",
        "given_name": "Ann",
        "title": "mr",
        "identifiers.branch": "7",
        "emails.main.address": "a@b.example",
    }
    assert own.stream_options == {"path": "/old"}
    assert plain.version != own.version
    assert "title" not in plain.get(record)


def test_an_overlay_cannot_take_away_what_is_not_there(write: Write) -> None:
    write(
        "overlays/branch/customer.yaml",
        OVERLAY.replace("phones.mobile.number: null", "phones.fax.number: null"),
    )
    with pytest.raises(MappingError, match=r"overlays/branch/customer.yaml: fields.phones.fax.number"):
        load("acme", "customer", overlay="branch")


def test_an_overlay_folder_must_exist_but_need_not_speak_of_every_entity(write: Write) -> None:
    write("overlays/branch/customer.yaml", OVERLAY)
    assert load("acme", "order", overlay="branch").version == load("acme", "order").version
    with pytest.raises(MappingError, match="the connection names an overlay that is not there"):
        load("acme", "customer", overlay="brunch")


def test_a_changed_code_list_is_another_version(write: Write) -> None:
    before = load("acme", "customer").version
    write("codes/title.yaml", 'list: title\nsystems:\n  acme: {"0001": mr}\n')
    assert load("acme", "customer").version != before
    assert len(before) <= 12
