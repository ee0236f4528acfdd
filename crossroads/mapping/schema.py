"""Writes `mappings/schema.json` for editors to check mapping files: `python -m crossroads.mapping.schema`."""

import sys
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from crossroads.mapping.catalogue import names
from crossroads.mapping.codecs import Codec
from crossroads.mapping.codes import CodeList
from crossroads.mapping.files import folder
from crossroads.mapping.language import Mapping, Overlay


def schema() -> dict[str, Any]:
    """Return the JSON schema of mapping files, overlays and code lists, every codec's parameters included."""
    files: list[type[BaseModel]] = [Mapping, Overlay, CodeList]
    _, made = models_json_schema([(model, "validation") for model in files])
    parts = made["$defs"]
    rule = parts["Rule"]
    rule["properties"]["as"] = {
        "enum": names(),
        "default": "text",
        "description": "The codec: how the value is said.",
    }
    rule["allOf"] = [_codec(name) for name in names()]
    rule["unevaluatedProperties"] = False
    del rule["additionalProperties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Crossroads mapping files",
        "$defs": parts,
        "oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in files],
    }


def _codec(name: str) -> dict[str, Any]:
    """Return what a line may say beside `at` where it uses one codec; a line without `as` is text."""
    model = Codec.registry[name].model_json_schema()
    test: dict[str, Any] = {"properties": {"as": {"const": name}}}
    if name != "text":
        test["required"] = ["as"]
    told = (model.get("description") or "").split("\n")[0]
    then: dict[str, Any] = {"description": told, "properties": model.get("properties", {})}
    if model.get("required"):
        then["required"] = model["required"]
    return {"if": test, "then": then}


def text() -> bytes:
    """Return the schema as it is kept."""
    return orjson.dumps(
        schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    )


if __name__ == "__main__":
    (folder() / "schema.json").write_bytes(text())
    sys.stdout.write(f"{folder() / 'schema.json'}\n")
