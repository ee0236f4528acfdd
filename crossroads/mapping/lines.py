"""A mapping once it is checked: every line with its codec and places, ready to read and write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from crossroads.mapping.codecs import Codec
from crossroads.mapping.paths import Spot, Target
from crossroads.records import Part, Record

Flow = Literal["both", "in", "out"]


class Notice(NamedTuple):
    """A field set aside: kept in the raw copy and listed, the record goes on without it."""

    key: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Patch:
    """What has to be written: fields of the record itself, and nested entities by their own key."""

    record: Record = field(repr=False)
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """What a field refers to: keys of another stream of the system; a create waits for it if `required`."""

    entity: str
    stream: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One canonical field, or one field of a list's items."""

    path: str
    codec: Codec
    targets: tuple[Target, ...]
    sources: tuple[Target, ...]
    flow: Flow = "both"
    when: str | None = None
    create_only: bool = False


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list whose items are canonical items: `lines.<key>.sku`."""

    name: str
    at: tuple[str, ...]
    key: Line
    resource: str | None
    add: Mapping[str, Any]
    flow: Flow
    create_only: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything a lens needs to know of one mapping with its overlay."""

    name: str
    entity: str
    system: str
    stream: str
    version: str
    key: Line
    changed_at: Line | None
    identity: tuple[str, ...]
    constants: Mapping[str, Any]
    spots: dict[str, Spot]
    lines: tuple[Line, ...]
    lists: tuple[ItemList, ...]
    create_constants: tuple[tuple[Target, Any], ...]
    create_reference: Line | None
    requires: tuple[str, ...]
    stream_options: Mapping[str, Any]

    @property
    def kind_changes(self) -> bool:
        """Tell whether an update can make a person of an organisation."""
        return any(line.path == "kind" and line.flow != "in" and not line.create_only for line in self.lines)

    def patterns(self, *flows: Flow) -> frozenset[str]:
        """Return the canonical paths of these flows, `*` standing for the labels of items."""
        plain = {line.path for line in self.lines if line.flow in flows}
        lists = {
            f"{item.name}.*.{line.path}"
            for item in self.lists
            for line in item.lines
            if item.flow in flows and line.flow in flows
        }
        return frozenset(plain | lists)
