"""Everything a person can write, set or type is named in the documentation."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from pydantic import BaseModel
from sqlmodel import SQLModel

from crossroads import manifest
from crossroads.cli import app
from crossroads.engine import survivorship
from crossroads.mapping import codes, language
from crossroads.mapping.catalogue import names
from crossroads.plan import Member, Plan, When
from crossroads.protocols.paging import JsonCursor, JsonUrl, LinkHeader, Offset, PageNumber
from crossroads.protocols.paging_keys import IdDescending
from crossroads.quality.rules import RULES
from crossroads.store import tables as _tables  # noqa: F401 - makes the tables known
from sandbox.pages import ROOT, code

DOCS = ROOT / "docs"


def commands(group: Any, way: str = "crossroads") -> Iterator[list[str]]:
    """Every command with its options."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{way} {name}")
        else:
            options = [option for one in command.params for option in one.opts if option.startswith("-")]
            yield [f"{way} {name}", *options]


def keys(*models: type[BaseModel]) -> set[str]:
    return {info.alias or name for model in models for name, info in model.model_fields.items()}


def words(model: type[BaseModel], field: str) -> set[str]:
    """Return the words a field allows."""
    annotation = model.model_fields[field].annotation
    return {
        word for one in (annotation, *get_args(annotation)) for word in get_args(one) if isinstance(word, str)
    }


WAYS = (LinkHeader, JsonUrl, JsonCursor, PageNumber, Offset, IdDescending)
VARIABLES = {
    name
    for folder in ("crossroads", "dags", "plugins")
    for path in (ROOT / folder).rglob("*.py")
    for name in re.findall(r"\bCROSSROADS_[A-Z_]+\b", path.read_text())
}
SPEAKING = [
    (
        "commands and options",
        {name for one in commands(typer.main.get_command(app)) for name in one},
        [DOCS / "commands.md"],
    ),
    ("codecs", set(names()), [ROOT / "mappings" / "README.md"]),
    (
        "manifest keys",
        keys(manifest.Manifest, manifest.Setting, manifest.Limits, manifest.StreamBlock, manifest.Read, manifest.Since,
             manifest.Paging, manifest.Send, manifest.Find) | words(manifest.Setting, "type") | words(manifest.Paging, "kind")
        | words(manifest.StreamBlock, "create") | words(manifest.StreamBlock, "deletes")
        | words(manifest.Manifest, "category") | words(manifest.Manifest, "protocol"),
        [DOCS / "add-a-connector.md"],
    ),
    (
        "ways of paging",
        {field.name for way in WAYS for field in fields(way)} - {"known"},  # the engine's, not the manifest's
        [DOCS / "add-a-connector.md"],
    ),
    (
        "mapping keys",
        keys(language.Mapping, language.Rule, language.Place, language.Items, language.Creation, language.Overlay,
             codes.CodeList),
        [DOCS / "map-a-field.md"],
    ),
    (
        "sync keys",
        keys(Plan, Member, When) | words(Member, "create") | words(Member, "compare"),
        [DOCS / "add-a-sync.md"],
    ),
    (
        "survivorship",
        keys(survivorship.Rule, survivorship.Policy) | words(survivorship.Rule, "rule"),
        [DOCS / "add-a-sync.md"],
    ),
    ("environment", VARIABLES, [DOCS / "commands.md"]),
    ("tables", set(SQLModel.metadata.tables), [DOCS / "architecture.md"]),
    ("quality rules", {rule.name for rule in RULES}, [ROOT / "connectors" / "README.md"]),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "found"), [row[1:] for row in SPEAKING], ids=[row[0] for row in SPEAKING])
def test_everything_there_is_is_named(wanted: set[str], found: list[Path]) -> None:
    text = code(*found)
    assert [
        word for word in sorted(wanted) if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)
    ] == []
