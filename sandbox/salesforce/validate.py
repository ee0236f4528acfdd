"""What the org checks before it saves a row; its messages repeat the value, as the vendor's do."""

import datetime as dt
import re
from typing import Any

import pycountry

from sandbox.salesforce.errors import RowRefused
from sandbox.salesforce.schema import Field, Object

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# Countries for which an org has states without a person adding them.
_WITH_STATES = {"AU", "BR", "CA", "CN", "IE", "IN", "IT", "MX", "US"}


def clean(kind: Object, values: dict[str, Any], *, creating: bool) -> dict[str, Any]:
    """Return the row's values as the org would keep them, or raise RowRefused."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        known = kind.fields.get(name)
        if known is None:
            raise RowRefused("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}", name)
        if not (known.create if creating else known.update):
            message = (
                f"Unable to create/update fields: {name}. Please check the security settings of this field."
            )
            raise RowRefused("INVALID_FIELD_FOR_INSERT_UPDATE", message, name)
        kept[name] = _value(kind, name, known, value)
    for name, known in kind.fields.items():
        missing = creating and kept.get(name) is None
        if known.required and (missing or (name in kept and kept[name] is None)):
            raise RowRefused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", name)
    return kept


def _value(kind: Object, name: str, known: Field, value: Any) -> Any:
    if known.kind == "boolean":
        if not isinstance(value, bool):
            raise RowRefused("JSON_PARSER_ERROR", f"{name}: value not of required type: {value}", name)
        return value
    if value is None or value == "":
        return known.default if known.default is not None and name == "Status" else None
    if not isinstance(value, str):
        raise RowRefused("JSON_PARSER_ERROR", f"{name}: value not of required type: {value}", name)
    text = value.strip()
    if known.length and len(text) > known.length:
        raise RowRefused(
            "STRING_TOO_LONG", f"{name}: data value too large: {text} (max length={known.length})", name
        )
    if known.kind == "email" and not _ADDRESS.fullmatch(text):
        raise RowRefused("INVALID_EMAIL_ADDRESS", f"{name}: invalid email address: {text}", name)
    if known.kind == "date":
        _check_date(name, text)
    if known.values and text not in known.values:
        message = f"{name}: bad value for restricted picklist field: {text}"
        raise RowRefused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, name)
    return text or None


def _check_date(name: str, text: str) -> None:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        message = f"Cannot deserialize instance of date from VALUE_STRING value {text}"
        raise RowRefused("JSON_PARSER_ERROR", message, name) from None


def place(row: dict[str, Any]) -> None:
    """Check a contact's country and state codes and set their names, as address picklists do."""
    country, state = row.get("MailingCountryCode"), row.get("MailingStateCode")
    known = pycountry.countries.get(alpha_2=country) if country else None
    if country and known is None:
        message = "There's a problem with this country/territory, even though it may appear correct."
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", f"{message}: {country}", "MailingCountryCode")
    region = None
    if state and country in _WITH_STATES:
        region = pycountry.subdivisions.get(code=f"{country}-{state}")  # type: ignore[no-untyped-call]
    if state and region is None:
        message = "There's a problem with this state, even though it may appear correct."
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", f"{message}: {state}", "MailingStateCode")
    row["MailingCountry"] = known.name if known else None
    row["MailingState"] = region.name if region else None
