"""Where mapping files lie, and how one is read: a mistake names the file and the key."""

import os
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

import crossroads
from crossroads.errors import MappingError, told
from crossroads.mapping.language import Mapping, Overlay

M = TypeVar("M", bound=BaseModel)


class Plain(yaml.CSafeLoader):
    """YAML as people read it: `on`, `no` and `0001` are text, and the same key twice is refused.

    YAML 1.1 takes them for true, false and 1 (Norway's code is NO), and of two equal keys the last.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping, or say which key is there twice."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is there twice", key.start_mark
                )
            seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


for tag, form, first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"-?(?:0|[1-9]\d*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9]\d*)\.\d+", "-0123456789"),
):
    Plain.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{form})$"), [*first])
Plain.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])


def folder() -> Path:
    """Return the mappings' folder: CROSSROADS_MAPPINGS, else the installed package's, else the checkout's."""
    if named := os.environ.get("CROSSROADS_MAPPINGS"):
        return Path(named)
    package = Path(crossroads.__file__).parent
    installed = package / "_mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def parsed(path: Path, model: type[M]) -> M:
    """Read one YAML file as a piece of the mapping language."""
    where = _shown(path)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Plain)  # noqa: S506 - a safe loader
        return model.model_validate(raw)
    except FileNotFoundError:
        raise MappingError(f"{where} is missing") from None
    except yaml.YAMLError as error:
        raise MappingError(f"{where} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise MappingError(f"{where}: {told(error)}") from None


def mapping(system: str, entity: str, stream: str | None = None) -> Mapping:
    """Read `<entity>.<stream>.yaml` where there is one, else `<entity>.yaml` if that is its stream."""
    here = folder() / system
    own = here / f"{entity}.{stream}.yaml"
    path = own if stream and own.exists() else here / f"{entity}.yaml"
    if not path.exists():
        there = ", ".join(sorted(file.stem for file in here.glob("*.yaml"))) or "none"
        raise MappingError(f"{_shown(path)} is missing; mappings of {system}: {there}")
    found = parsed(path, Mapping)
    name = f"{system}/{path.stem}"
    if (found.mapping, found.system, found.canonical) != (name, system, entity):
        raise MappingError(
            f"{_shown(path)}: mapping, system and canonical must say {name}, {system} and {entity}"
        )
    if stream and found.stream != stream:
        raise MappingError(
            f"{_shown(path)} is for stream {found.stream!r}; write {_shown(own)} for {stream!r}"
        )
    return found


def overlay(connection: str, of: Mapping) -> Overlay | None:
    """Read what a connection says otherwise about a mapping, None if it has nothing to say about this one."""
    here = folder() / "overlays" / connection
    if not here.is_dir():
        raise MappingError(f"{_shown(here)} is missing: the connection names an overlay that is not there")
    path = here / f"{of.mapping.partition('/')[2]}.yaml"
    if not path.exists():
        return None
    found = parsed(path, Overlay)
    if found.overlay != connection or found.mapping != of.mapping:
        raise MappingError(f"{_shown(path)}: overlay and mapping must say {connection} and {of.mapping}")
    return found


def _shown(path: Path) -> str:
    try:
        return f"mappings/{path.relative_to(folder())}"
    except ValueError:
        return path.name
