"""What the checks look at: one connector of a checkout, with its texts, tests and mappings. No code of it is run."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from crossroads import manifest as manifests
from crossroads.manifest import Manifest


class Contract(NamedTuple):
    """A test class that inherits the contract: for which streams it has a record to create, and one that is refused."""

    creates: frozenset[str]
    refuses: frozenset[str]


@dataclass(frozen=True)
class Subject:
    """One connector below `root/connectors`."""

    root: Path
    name: str

    @property
    def folder(self) -> Path:
        """Where the connector lies."""
        return self.root / "connectors" / self.name

    @cached_property
    def manifest(self) -> Manifest:
        """What it says about itself."""
        return manifests.read(self.folder / "manifest.yaml")

    @property
    def coded(self) -> bool:
        """Whether it has code of its own, or is run by its manifest alone."""
        return (self.folder / "connector.py").is_file()

    @cached_property
    def sections(self) -> Mapping[str, str]:
        """The README's headings with the text below each."""
        path = self.folder / "README.md"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        parts = ("\n" + text).split("\n## ")[1:]
        return {part.partition("\n")[0].strip(): part.partition("\n")[2].strip() for part in parts}

    @cached_property
    def contract(self) -> Contract | None:
        """Its test of the contract, if there is one."""
        for path in sorted((self.root / "tests" / "connectors" / self.name).glob("test_*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and "ConnectorContract" in map(_named, node.bases):
                    said = _attributes(node)
                    if said.get("system") == self.name:
                        return Contract(
                            frozenset(said.get("new_record") or ()),
                            frozenset(said.get("refused_record") or ()),
                        )
        return None

    @cached_property
    def mappings(self) -> Mapping[str, str]:
        """Its mapping files by name, with the stream each is for."""
        found = sorted((self.root / "mappings" / self.name).glob("*.yaml"))
        return {path.stem: _loaded(path).get("stream", "") for path in found}

    def pairs(self, mapping: str) -> int:
        """Return how many recorded pairs a mapping is tested with."""
        path = self.root / "tests" / "mappings" / self.name / f"{mapping}.pairs.yaml"
        said = _loaded(path) if path.is_file() else []
        return len(said["pairs"] if isinstance(said, dict) else said)


def _named(base: ast.expr) -> str:
    return base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""


def _attributes(node: ast.ClassDef) -> dict[str, Any]:
    """Return a class's attributes: texts, and of dictionaries their keys, whatever their values are."""
    found: dict[str, Any] = {}
    for line in node.body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if isinstance(value, ast.Constant):
            found[name] = value.value
        elif isinstance(value, ast.Dict):
            found[name] = [key.value for key in value.keys if isinstance(key, ast.Constant)]
    return found


def _loaded(path: Path) -> Any:
    # BaseLoader: texts only. Other loaders take `on:` for True.
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) or {}  # noqa: S506
