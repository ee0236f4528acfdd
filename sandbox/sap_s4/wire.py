"""V2 JSON: dates as /Date(ms)/, decimals as text, lists in `results`, what is not expanded deferred."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from sandbox.sap_s4.refusal import malformed
from sandbox.sap_s4.schema import Entity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d+)?\)/")


def arrived(name: str, value: Any) -> datetime:
    """Return the moment of a /Date(ms)/ or of ISO text."""
    found = _DATE.fullmatch(str(value))
    if found:
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise malformed(name, "is not a date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def said(value: Any) -> Any:
    """Return a value as V2 JSON says it."""
    if isinstance(value, datetime):
        return f"/Date({round((value - _EPOCH) / timedelta(milliseconds=1))})/"
    return f"{value:.3f}" if isinstance(value, Decimal) else value


def uri(base: str, entity: Entity, row: dict[str, Any]) -> str:
    """Return the address of an entity."""

    def literal(name: str) -> str:
        value = row[name]
        if isinstance(value, datetime):
            return f"datetimeoffset'{value:%Y-%m-%dT%H:%M:%S}Z'"
        return "'" + quote(str(value).replace("'", "''"), safe="'") + "'"

    told = ",".join(
        literal(name) if len(entity.key) == 1 else f"{name}={literal(name)}" for name in entity.key
    )
    return f"{base}/{entity.name}({told})"


def etag(entity: Entity, row: dict[str, Any]) -> str | None:
    """Return the version of a root entity; parts have none."""
    if entity.name == "A_SalesOrder":
        return f"W/\"datetimeoffset'{row['LastChangeDateTime']:%Y-%m-%dT%H%%3A%M%%3A%S.%fZ}'\""
    return f"W/\"'{row['_version']:026d}'\"" if "_version" in row else None


def entity_json(
    base: str,
    entity: Entity,
    entities: dict[str, Entity],
    row: dict[str, Any],
    expand: set[str],
    select: set[str],
) -> dict[str, Any]:
    """Return an entity with its expanded parts; `expand` and `select` hold slashed paths."""
    here = uri(base, entity, row)
    told: dict[str, Any] = {"__metadata": {"id": here, "uri": here, "type": f"API.{entity.name}Type"}}
    version = etag(entity, row)
    if version:
        told["__metadata"]["etag"] = version
    wanted = {path.split("/")[0] for path in select}
    for name in entity.properties:
        if not wanted or name in wanted:
            told[name] = said(row[name])
    for name, inner in entity.navigations.items():
        if wanted and name not in wanted:
            continue
        if name in {path.split("/")[0] for path in expand}:
            below, chosen = _below(expand, name), _below(select, name)
            parts = [entity_json(base, entities[inner], entities, one, below, chosen) for one in row[name]]
            told[name] = {"results": parts}
        else:
            told[name] = {"__deferred": {"uri": f"{here}/{name}"}}
    return told


def _below(paths: set[str], name: str) -> set[str]:
    return {path[len(name) + 1 :] for path in paths if path.startswith(f"{name}/")}
