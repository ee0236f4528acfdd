"""Find connectors by name, wherever they were installed from; built-ins come in by the same door."""

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from pydantic import ValidationError

from crossroads import errors
from crossroads import manifest as manifests
from crossroads.connector import Connector
from crossroads.errors import ConfigError
from crossroads.manifest import Manifest

GROUP = "crossroads.connectors"


class Installed(NamedTuple):
    """One installed connector: its manifest, and the class that runs it."""

    manifest: Manifest
    connector: type[Connector[Any]]


def names() -> list[str]:
    """Return every installed connector's name; nothing is imported."""
    return sorted(entry_points(group=GROUP).names)


@cache
def manifest(system: str) -> Manifest:
    """Return a connector's manifest; its code is not imported."""
    found = manifests.read(_folder(_entry(system)) / "manifest.yaml")
    if found.name != system:
        raise ConfigError(f"The manifest of {system!r} calls itself {found.name!r}; both must be the same.")
    return found


@cache
def load(system: str) -> Installed:
    """Return a connector's manifest and the class that runs it, `ManifestConnector` if it has no code."""
    from crossroads.protocols.rest import ManifestConnector  # here, so that reading manifests stays cheap

    found, package = manifest(system), _entry(system).value
    if not (_folder(_entry(system)) / "connector.py").is_file():
        return Installed(found, ManifestConnector)
    module = importlib.import_module(f"{package}.connector")
    classes = _classes(module)
    if len(classes) != 1:
        told = ", ".join(one.__name__ for one in classes) or "none"
        raise ConfigError(f"{module.__name__} must define exactly one Connector; it defines {told}.")
    return Installed(found, classes[0])


def open(  # noqa: A001 - `registry.open(...)` reads as what it is
    system: str,
    settings: Mapping[str, Any],
    stream_options: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    calls: str | None = None,
    **seams: Any,
) -> Connector[Any]:
    """Return a ready connector.

    `stream_options` are an installation's changes, by stream; `calls` is the database in which all workers
    count their calls, without which this connector counts alone; `seams` (transport, retries) are passed on.
    """
    from crossroads.protocols import accounts
    from crossroads.protocols.rest import ManifestConnector

    found, connector = load(system)
    changes = stream_options or {}
    for name in changes:
        if name not in found.streams:
            raise ConfigError(f"{system} has no stream {name!r}; it has {', '.join(found.streams)}.")
    streams = [found.stream(name, changes.get(name)) for name in found.streams]
    by_manifest = issubclass(connector, ManifestConnector)
    told = _settings(found, found.settings_model() if by_manifest else connector.settings_model, settings)
    if "budget" not in seams and _takes(connector, "budget"):
        seams["budget"] = accounts.budget(found, told, calls)
    return connector(told, streams, *([found] if by_manifest else []), **seams)


def _takes(connector: type[Connector[Any]], seam: str) -> bool:
    """Tell whether a connector can be given a seam: one that calls nothing over HTTP has no calls to count."""
    parameters = inspect.signature(connector).parameters.values()
    return any(one.name == seam or one.kind is one.VAR_KEYWORD for one in parameters)


def _settings(found: Manifest, model: type[Any], given: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        known = ", ".join(found.settings)
        raise ConfigError(
            f"Settings of {found.name}: {errors.told(error)}. Known settings: {known}."
        ) from None


def _entry(system: str) -> EntryPoint:
    found = [one for one in entry_points(group=GROUP) if one.name == system]
    if not found:
        raise ConfigError(f"No connector named {system!r}. Installed: {', '.join(names()) or 'none'}.")
    if len({one.value for one in found}) > 1:
        raise ConfigError(
            f"Several packages offer a connector {system!r}: "
            f"{', '.join(one.value for one in found)}. Keep one."
        )
    return found[0]


def _folder(entry: EntryPoint) -> Path:
    try:
        return Path(str(files(entry.value)))
    except ModuleNotFoundError:
        raise ConfigError(
            f"The connector {entry.name!r} names the package {entry.value!r}, which is not there."
        ) from None


def _classes(module: ModuleType) -> list[type[Connector[Any]]]:
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Connector) and one.__module__ == module.__name__
    ]
