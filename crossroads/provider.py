"""What Airflow learns about Crossroads: a connection type per installed system, its form from the manifest.

Every Airflow process asks for it at its start: only manifests are read, no connector's code is imported.
"""

import logging
from importlib.metadata import version
from typing import Any

from crossroads import form, registry
from crossroads.errors import CrossroadsError
from crossroads.manifest import Manifest, Setting

log = logging.getLogger(__name__)

TYPES = {"integer": "integer", "number": "number", "flag": "boolean"}
UNUSED = ["schema", "port", "extra"]


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description with a connection type for each installed connector."""
    return {
        "package-name": "crossroads",
        "name": "Crossroads",
        "description": "Keeps one customer the same person in every system a company runs.",
        "versions": [version("crossroads")],
        "connection-types": [_type(manifest) for manifest in _manifests()],
    }


def _manifests() -> list[Manifest]:
    """Return the manifests that can be read: one broken package must not keep Airflow from starting."""
    found = []
    for name in registry.names():
        try:
            found.append(registry.manifest(name))
        except CrossroadsError as error:
            log.warning("Connector %s is left out: %s", name, error)
    return found


def _type(manifest: Manifest) -> dict[str, Any]:
    standard = {name: one for name, one in manifest.settings.items() if name in form.STANDARD}
    unused = [place for name, place in form.STANDARD.items() if name not in standard]
    return {
        "connection-type": f"{form.PREFIX}{manifest.name}",
        "hook-name": f"Crossroads: {manifest.title}",
        "hook-class-name": "crossroads.airflow.SystemHook",
        "ui-field-behaviour": {
            "hidden-fields": [*UNUSED, *unused],
            "relabeling": {form.STANDARD[name]: _label(name) for name in standard},
            "placeholders": {form.STANDARD[name]: one.help for name, one in standard.items()},
        },
        "conn-fields": {
            **{name: _field(name, one) for name, one in manifest.settings.items() if name not in standard},
            form.OVERLAY: {
                "label": "Overlay",
                "description": "Folder below mappings/overlays/: what this installation does otherwise.",
                "schema": {"type": ["string", "null"]},
            },
        },
    }


def _field(name: str, setting: Setting) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [TYPES.get(setting.type, "string"), "null"]}
    if setting.type == "secret":
        schema["format"] = "password"
    if setting.default is not None:
        schema["default"] = setting.default
    return {"label": _label(name), "description": setting.help, "schema": schema}


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
