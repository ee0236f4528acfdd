"""How customers and their addresses are changed, and what the shop refuses with `userErrors`."""

from collections.abc import Mapping
from typing import Any

import pycountry
from email_validator import EmailNotValidError, validate_email

from sandbox.shopify import seed
from sandbox.shopify.queries import Info, custom_key, held, identified
from sandbox.shopify.shop import Node, Shop, phone

Input = Mapping[str, Any]
_PLAIN = ("firstName", "lastName", "note", "tags")
_NAMES = ("firstName", "lastName", "defaultEmailAddress", "defaultPhoneNumber")
_GONE = "Customer does not exist"


def create(_: Any, info: Info, **asked: Input) -> Node:
    return _payload(*saved(info, None, asked["input"]))


def update(_: Any, info: Info, **asked: Input) -> Node:
    customer = held(info).customers.get(asked["input"].get("id") or "")
    if customer is None:
        return _payload(None, [error(["id"], _GONE, "NOT_FOUND")])
    return _payload(*saved(info, customer, asked["input"]))


def upsert(_: Any, info: Info, identifier: Input | None = None, **asked: Input) -> Node:
    named, shop = identifier or {}, held(info)
    custom = named.get("customId")
    found = identified(shop, named.get("id"), named.get("email"), named.get("phone"), custom)
    if found is None and named.get("id"):
        return _payload(None, [error(["identifier", "id"], _GONE, "NOT_FOUND")])
    customer, errors = saved(info, found, asked["input"])
    if customer is not None and custom:
        shop.custom_ids[custom_key(custom)] = customer["id"]
        field = {"namespace": "app", **custom, "type": "id"}
        customer.setdefault("metafields", {})[f"{field['namespace']}.{field['key']}"] = field
    return _payload(customer, errors)


def delete(_: Any, info: Info, **asked: Input) -> Node:
    shop, gid = held(info), asked["input"]["id"]
    if gid not in shop.customers:
        return {"deletedCustomerId": None, "userErrors": [error(["id"], "Customer can't be found", None)]}
    if any((order.get("customer") or {}).get("id") == gid for order in shop.orders.values()):
        refused = error(["id"], "Customer can't be deleted because they have associated orders", None)
        return {"deletedCustomerId": None, "userErrors": [refused]}
    shop.drop(gid)
    return {"deletedCustomerId": gid, "userErrors": []}


def create_address(_: Any, info: Info, address: Input, **asked: Any) -> Node:
    customer = held(info).customers.get(asked["customerId"])
    if customer is None:
        return {"address": None, "userErrors": [error(["customerId"], _GONE, None)]}
    made = {"id": held(info).gid("MailingAddress"), **_address(address)}
    if errors := _address_errors(made):
        return {"address": None, "userErrors": errors}
    if asked.get("setAsDefault") or not customer.get("defaultAddress"):
        customer["defaultAddress"] = made
    wrote(info, customer)
    return {"address": made, "userErrors": []}


def update_address(_: Any, info: Info, address: Input, **asked: Any) -> Node:
    customer = held(info).customers.get(asked["customerId"]) or {}
    known = customer.get("defaultAddress")
    if not known or known["id"] != asked["addressId"]:
        return {"address": None, "userErrors": [error(["addressId"], "Address does not exist", None)]}
    changed = {**known, **_address(address)}
    if errors := _address_errors(changed):
        return {"address": None, "userErrors": errors}
    customer["defaultAddress"] = changed
    wrote(info, customer)
    return {"address": changed, "userErrors": []}


def saved(info: Info, known: Node | None, given: Input) -> tuple[Node | None, list[Node]]:
    """Return the customer with `given` applied, or the reasons why nothing was changed."""
    shop = held(info)
    changes, errors = _changes(shop, known, given)
    addresses = given.get("addresses") or ()
    errors += [found for item in addresses for found in _address_errors(_address(item))]
    if errors:
        return None, errors
    customer = seed.customer(shop, {}) if known is None else known
    customer.update(changes)
    if addresses:
        customer["defaultAddress"] = {"id": shop.gid("MailingAddress"), **_address(addresses[0])}
    seed.named(customer)
    wrote(info, customer, created=known is None)
    return customer, []


def error(field: list[str] | None, message: str, code: str | None) -> Node:
    """Return one of the vendor's `userErrors`."""
    return {"field": field, "message": message, "code": code}


def wrote(info: Info, node: Node, *, created: bool = False) -> None:
    """Note a change and, unless a script made it, count it."""
    held(info).wrote(node, counted=info.context["counted"], created=created)


def _changes(shop: Shop, known: Node | None, given: Input) -> tuple[Node, list[Node]]:
    changes: Node = {name: given[name] for name in _PLAIN if name in given}
    errors: list[Node] = []
    for name, label in (("firstName", "First name"), ("lastName", "Last name")):
        if len(given.get(name) or "") > 255:
            errors.append(error([name], f"{label} is too long (maximum is 255 characters)", "TOO_LONG"))
    if "email" in given:
        email = (given["email"] or "").strip()
        changes["defaultEmailAddress"] = {"emailAddress": email} if email else None
        errors += _unique(shop, known, "email", email or None, valid=not email or _well_formed(email))
    if "phone" in given:
        number = phone(given["phone"]) if given["phone"] else None
        changes["defaultPhoneNumber"] = {"phoneNumber": number} if number else None
        errors += _unique(shop, known, "phone", number, valid=bool(number) or not given["phone"])
    if given.get("locale"):
        changes["locale"] = given["locale"]
        if _unknown(pycountry.languages, alpha_2=given["locale"].split("-")[0]):
            errors.append(error(["locale"], "Locale is invalid", "INVALID"))
    merged = {**(known or {}), **changes}
    if not errors and not any(merged.get(name) for name in _NAMES):
        errors.append(error(None, "A name, phone number, or email address must be present", "BLANK"))
    return changes, errors


def _unique(shop: Shop, known: Node | None, kind: str, value: str | None, *, valid: bool) -> list[Node]:
    if not valid:
        return [error([kind], f"{kind.title()} is invalid", "INVALID")]
    other = shop.holder(kind, value)
    taken = other is not None and other is not known
    return [error([kind], f"{kind.title()} has already been taken", "TAKEN")] if taken else []


def _well_formed(email: str) -> bool:
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _address(given: Input) -> Node:
    return {("countryCodeV2" if name == "countryCode" else name): value for name, value in given.items()}


def _address_errors(address: Input) -> list[Node]:
    country, province = address.get("countryCodeV2"), address.get("provinceCode")
    if province and (not country or _unknown(pycountry.subdivisions, code=f"{country}-{province}")):
        return [error(["address", "province"], "Province is not valid in this country", "INVALID")]
    return []


def _unknown(codes: Any, **code: str) -> bool:
    return codes.get(**code) is None


def _payload(customer: Node | None, errors: list[Node]) -> Node:
    return {"customer": customer, "userErrors": errors}
