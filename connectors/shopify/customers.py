"""Customers are written in other words than they are read in: which mutations make a record say something."""

from collections.abc import Mapping
from typing import Any

from connectors.shopify.batch import Mutations
from connectors.shopify.documents import CUSTOMER
from crossroads.errors import RecordRejected
from crossroads.records import Change, Record, Stream

_SAME = ("firstName", "lastName", "locale")
_NESTED = {"defaultEmailAddress": ("emailAddress", "email"), "defaultPhoneNumber": ("phoneNumber", "phone")}
_ADDRESS = (
    "address1",
    "address2",
    "city",
    "zip",
    "provinceCode",
    "company",
    "firstName",
    "lastName",
    "phone",
)
_ERRORS = "userErrors { field message }"


def plan(batch: Mutations, name: str, change: Change, stream: Stream) -> list[str]:
    """Add what a change needs to the batch and return its aliases; the last may answer with the customer."""
    if change.key is None:
        return [_create(batch, f"{name}c", change, stream)]
    aliases = []
    if "defaultAddress" in change.record:
        # The address first, so that the customer in the answer to the second mutation already has it.
        aliases.append(_address(batch, f"{name}a", change))
    fields = _input(change.record)
    if fields:
        given = {"input": ("CustomerInput!", {"id": change.key, **fields})}
        batch.add(f"{name}c", "customerUpdate", given, f"customer {{ {CUSTOMER} }} {_ERRORS}")
        aliases.append(f"{name}c")
    if not aliases:
        raise RecordRejected(f"Customer {change.key}: the change says nothing Shopify's customer has.")
    return aliases


def needs_address(change: Change) -> bool:
    """Tell whether an address is to be changed of which we have not seen the id."""
    return change.key is not None and "defaultAddress" in change.record and not _known_address(change)


def custom_id(change: Change, stream: Stream) -> dict[str, str]:
    """Return the unique value under which the customer of a create is known."""
    return {
        "namespace": stream.options.get("namespace", "crossroads"),
        "key": stream.options.get("metafield", "id"),
        "value": change.reference or change.id,
    }


def _create(batch: Mutations, alias: str, change: Change, stream: Stream) -> str:
    fields = _input(change.record)
    address = change.record.get("defaultAddress")
    if address:
        fields["addresses"] = [address_input({}, address)]
    # customerSet finds the customer an earlier attempt created by this unique value, and creates no second.
    given = {
        "identifier": ("CustomerSetIdentifiers", {"customId": custom_id(change, stream)}),
        "input": ("CustomerSetInput!", fields),
    }
    selection = f"customer {{ {CUSTOMER} }} userErrors {{ code field message }}"
    batch.add(alias, "customerSet", given, selection)
    return alias


def _address(batch: Mutations, alias: str, change: Change) -> str:
    known = _known_address(change)
    address = address_input(known, change.record["defaultAddress"] or {})
    given: dict[str, tuple[str, Any]] = {
        "customerId": ("ID!", change.key),
        "address": ("MailingAddressInput!", address),
        "setAsDefault": ("Boolean", True),
    }
    if known:
        given["addressId"] = ("ID!", known["id"])
    field = "customerAddressUpdate" if known else "customerAddressCreate"
    batch.add(alias, field, given, f"address {{ id }} {_ERRORS}")
    return alias


def address_input(known: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole address: Shopify does not say whether fields left out of an update are kept.

    A province belongs to its country, so it does not outlive a change of the country.
    """
    merged = {**known, **patch}
    country = merged.get("countryCodeV2")
    if country != known.get("countryCodeV2") and "provinceCode" not in patch:
        merged["provinceCode"] = None
    told = {name: merged[name] for name in _ADDRESS if name in merged}
    return {**told, "countryCode": country}


def _known_address(change: Change) -> Mapping[str, Any]:
    address = (change.base or {}).get("defaultAddress") or {}
    return address if address.get("id") else {}


def _input(record: Record) -> dict[str, Any]:
    fields = {name: record[name] for name in _SAME if name in record}
    for place, (inner, name) in _NESTED.items():
        if place in record:
            fields[name] = (record[place] or {}).get(inner)
    return fields
