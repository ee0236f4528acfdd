"""How settings lie in Airflow's connection form: three in its standard fields, all others in extra fields."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crossroads.errors import ConfigError

if TYPE_CHECKING:
    from crossroads.engine.workspace import System

PREFIX = "crossroads_"
"""Connection types are called crossroads_<system>."""

STANDARD: Mapping[str, str] = {"base_url": "host", "user": "login", "password": "password"}
"""Settings that have a field of their own in every connection form, and which one."""

OVERLAY = "overlay"
"""The extra field that names the connection's overlay of the mappings."""


def fields(system: str, settings: Mapping[str, Any], overlay: str | None = None) -> dict[str, Any]:
    """Return the fields of an Airflow connection that say these settings."""
    said: dict[str, Any] = {"conn_type": f"{PREFIX}{system}"}
    extra: dict[str, Any] = {OVERLAY: overlay} if overlay else {}
    for name, value in settings.items():
        place = STANDARD.get(name)
        if place:
            said[place] = str(value)
        else:
            extra[name] = value
    return {**said, "extra": json.dumps(extra)}


def missing(name: str) -> ConfigError:
    """Return the error for a connection that Airflow does not have."""
    return ConfigError(
        f"Airflow has no connection {name!r}: create it under Admin, Connections, with type {PREFIX}<system>."
    )


def settings(name: str, connection: Any) -> "System":
    """Return the system, its settings and the overlay that an Airflow connection says.

    Fields left empty in the form are not settings: the manifest's default counts then.
    """
    if not (connection.conn_type or "").startswith(PREFIX):
        raise ConfigError(
            f"Connection {name!r} is of type {connection.conn_type!r}; a sync needs {PREFIX}<system>. "
            "Change its type under Admin, Connections."
        )
    said = {key: getattr(connection, place) for key, place in STANDARD.items()} | dict(
        connection.extra_dejson
    )
    overlay = said.pop(OVERLAY, None)
    given = {key: value for key, value in said.items() if value not in (None, "")}
    from crossroads.engine.workspace import System

    return System(connection.conn_type.removeprefix(PREFIX), given, overlay or None)
