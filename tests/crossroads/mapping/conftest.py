"""Mapping files of a made-up system in a folder of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

CUSTOMER = """
mapping: acme/customer
system: acme
stream: partners
canonical: customer
key: {at: Number, as: alpha}
changed_at: {at: [Day, Time], as: sap_timestamp}
identity: [emails.main.address]
clear: ""
places:
  address: {at: addresses, resource: Address, key: [Number, AddressID], add: {uses: [{use: main}]}}
  mail: {at: mails, within: address, pick: {default: true}, resource: Mail, key: [AddressID, Seq]}
  mobile: {at: mobiles, within: address, resource: Phone, key: [AddressID, Seq]}
  profile: {at: profile, list: false}
  old: {at: moves, pick: {type: old}, key: [Id]}
fields:
  kind: {at: Category, as: choice, of: {person: "1", organization: "2"}, on: create}
  given_name: {at: First, max: 10, when: person}
  family_name: {at: Last, max: 10, when: person}
  legal_name: {at: [Name1, Name2], as: split, width: 12, parts: 2, when: organization}
  title: {at: Title, as: code, list: title}
  language: {at: Language, as: language, form: alpha2, upper: true}
  status: {at: Blocked, as: choice, of: {active: false, blocked: true}}
  emails.main.address: {at: mail.Address, as: email, max: 40}
  phones.mobile.number: {at: mobile.No, as: phone, region_from: address.Country, style: national}
  addresses.main.street: {at: [address.Street, address.House], as: street, max: [30, 5]}
  addresses.main.country: {at: address.Country, as: country}
  addresses.old.locality: {at: old.City}
  services.forum.user: {at: profile.handle, as: handle}
  identifiers.erp: {at: Number, as: alpha, flow: in}
create:
  reference: Own
  constants: {Group: "0001", Roles: [{Role: customer}]}
"""

ORDER = """
mapping: acme/order
system: acme
stream: orders
canonical: order
key: Id
fields:
  reference: {at: Name, on: create}
  customer: {at: Buyer, as: reference, to: customer, stream: partners, said: alpha}
  currency: {at: Currency, as: currency}
  net_total: {at: Net, as: decimal, places: 2}
items:
  lines:
    at: Items
    key: Material
    fields:
      sku: {at: Material}
      quantity: {at: Quantity, as: decimal}
      unit: {at: Unit, as: unit}
"""

CODES = {
    "title": 'list: title\nsystems:\n  acme: {"0001": ms, "0002": mr, W: ms}\n  branch: {"0009": mr}\n',
    "unit": "list: unit\nsystems:\n  acme: {PC: C62, KG: KGM}\n",
}

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write one file below the mappings' folder."""
    monkeypatch.setenv("CROSSROADS_MAPPINGS", str(tmp_path))

    def writing(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    writing("acme/customer.yaml", CUSTOMER)
    writing("acme/order.yaml", ORDER)
    for name, text in CODES.items():
        writing(f"codes/{name}.yaml", text)
    return writing


@pytest.fixture
def customer_yaml() -> str:
    return CUSTOMER


@pytest.fixture
def order_yaml() -> str:
    return ORDER
