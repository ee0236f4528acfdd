"""How OData writes values: literals in addresses, dates in JSON, keys, and lists wrapped in `results`."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from crossroads.records import Record

Version: TypeAlias = Literal["v2", "v4"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JSON_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{1,4})?\)/")
_HOST = re.compile(r"^https?://[^/]*")


def literal(value: str | int | bool | date | datetime, version: Version) -> str:
    """Return a value as it stands in a `$filter` or a key.

    >>> literal("O'Neil", "v2"), literal(date(2026, 11, 22), "v2"), literal(date(2026, 11, 22), "v4")
    ("'O''Neil'", "datetime'2026-11-22T00:00:00'", '2026-11-22')
    >>> literal(datetime(2026, 11, 22, 10, tzinfo=UTC), "v2")
    "datetimeoffset'2026-11-22T10:00:00Z'"
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"datetimeoffset'{text}'" if version == "v2" else text
    if isinstance(value, date):
        return f"datetime'{value.isoformat()}T00:00:00'" if version == "v2" else value.isoformat()
    return "'" + value.replace("'", "''") + "'"


def address(entity_set: str, key: Mapping[str, Any]) -> str:
    """Return the address of one entity below its service.

    >>> address("A_BusinessPartner", {"BusinessPartner": "17"})
    "A_BusinessPartner('17')"
    >>> address("A_BusinessPartnerAddress", {"BusinessPartner": "17", "AddressID": "a/b"})
    "A_BusinessPartnerAddress(BusinessPartner='17',AddressID='a%2Fb')"
    """
    told = {name: quote(literal(value, "v2"), safe="'") for name, value in key.items()}
    if len(told) == 1:
        return f"{entity_set}({next(iter(told.values()))})"
    return f"{entity_set}({','.join(f'{name}={value}' for name, value in told.items())})"


def equal_any(field: str, values: Iterable[str], version: Version) -> str:
    """Return a filter that one of `values` fulfils.

    >>> equal_any("A", ["1", "2"], "v2")
    "(A eq '1' or A eq '2')"
    """
    return "(" + " or ".join(f"{field} eq {literal(value, version)}" for value in values) + ")"


def moment(value: Any) -> datetime | None:
    """Return a date or instant of either version as an instant in UTC; None for SAP's initial dates.

    `Edm.DateTime` is a wall-clock date without a zone: it is taken as midnight UTC and never shifted by a
    local zone.

    >>> moment("/Date(1763769600000)/").isoformat(), moment("/Date(1763805600000+0000)/").isoformat()
    ('2025-11-22T00:00:00+00:00', '2025-11-22T10:00:00+00:00')
    >>> moment("0000-00-00T00:00:00"), moment(""), moment(None)
    (None, None, None)
    """
    if not value or str(value).startswith("0000"):
        return None
    found = _JSON_DATE.fullmatch(str(value))
    if found:
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    parsed = datetime.fromisoformat(str(value))
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def unwrap(entity: Record, root: str) -> Record:
    """Return an entity with plain lists, without what was not expanded, in place.

    Of its metadata the address below the service and the etag stay, so that a record does not change with the
    host it is read from.
    """
    for name, value in list(entity.items()):
        kind = type(value)
        if kind is dict:
            if "__deferred" in value:
                del entity[name]
            elif type(value.get("results")) is list:
                entity[name] = [unwrap(one, root) if type(one) is dict else one for one in value["results"]]
            elif name == "__metadata":
                entity[name] = _metadata(value, root)
            else:
                unwrap(value, root)
        elif kind is list:
            for one in value:
                if type(one) is dict:
                    unwrap(one, root)
        elif name[:1] == "@":
            del entity[name]
            if name in ("@odata.etag", "@odata.id"):
                entity.setdefault("__metadata", {})["etag" if name == "@odata.etag" else "uri"] = value
    return entity


def _metadata(told: Mapping[str, Any], root: str) -> dict[str, str]:
    kept = {}
    if isinstance(told.get("uri"), str):
        kept["uri"] = below(told["uri"], root)
    if "etag" in told:
        kept["etag"] = told["etag"]
    return kept


def below(url: str, root: str) -> str:
    """Return the part of an address below the service root, whatever host a gateway put in front of it.

    >>> below("https://internal:44300/sap/opu/S/A('1')", "/sap/opu/S"), below("A('1')", "/sap/opu/S")
    ("A('1')", "A('1')")
    """
    path = _HOST.sub("", url)
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else path
