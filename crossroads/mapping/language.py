"""The mapping language: what one file in `mappings/` may say. Unknown keys are refused."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """A piece of the language: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Rule(Strict):
    """One line: where a canonical field lives (`at`) and how its value is said (`as`, a codec).

    `at` is a dotted path in the remote record, or several for a codec that spreads one value; its first step
    may be a place. `flow` marks one-way fields; `on: create` is written in creates only; `when` limits a
    field to a kind of customer; `max` refuses longer text, it never cuts. Every other key is a parameter of
    the codec.
    """

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    at: str | tuple[str, ...]
    codec: str = Field("text", alias="as")
    flow: Literal["both", "in", "out"] = "both"
    on: Literal["any", "create"] = "any"
    when: str | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """The remote paths, always as a tuple."""
        return (self.at,) if isinstance(self.at, str) else self.at

    @property
    def parameters(self) -> dict[str, Any]:
        """What is left for the codec."""
        return dict(self.model_extra or {})


class Place(Strict):
    """A nested spot, named once: the item of the list `at` whose fields equal `pick` (without it: the first).

    `within` names the place it hangs below. With `resource` and `key` the system addresses it as an entity of
    its own, and a change becomes a Part; without, it is changed as a piece of the record. `add` are constants
    a new item needs. `list: false` is a plain nested object.
    """

    at: str
    within: str | None = None
    pick: dict[str, Any] = {}
    resource: str | None = None
    key: tuple[str, ...] = ()
    add: dict[str, Any] = {}
    list: bool = True


class Items(Strict):
    """A list whose items are canonical items too: found by the field `key`, never by position.

    A second item with the same key gets the label `<key>/2`.
    """

    at: str
    key: str
    resource: str | None = None
    fields: dict[str, Rule]
    add: dict[str, Any] = {}
    flow: Literal["both", "in", "out"] = "both"
    on: Literal["any", "create"] = "any"


class Creation(Strict):
    """What a new remote record needs beside its fields: constants, and where the intent's reference is put.

    `requires` are canonical fields without which no record is created. Every other key is a parameter of the
    codec that says the reference.
    """

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    reference: str | None = None
    codec: str = Field("text", alias="as")
    constants: dict[str, Any] = {}
    requires: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule | None:
        """The line by which the reference is said."""
        if self.reference is None:
            return None
        told = {"at": self.reference, "as": self.codec, "flow": "out", **(self.model_extra or {})}
        return Rule.model_validate(told)


class Mapping(Strict):
    """One system and one entity, both directions.

    `constants` are canonical values that every record read here has. `clear` is how an emptied text is
    written here: SAP knows only "", others null; a line may say otherwise. `create` belongs to the remote
    side.
    """

    mapping: str
    system: str
    stream: str
    canonical: Literal["customer", "order", "interaction"]
    key: Rule | str
    changed_at: Rule | None = None
    identity: tuple[str, ...] = ()
    constants: dict[str, Any] = {}
    clear: Literal[""] | None = None
    places: dict[str, Place] = {}
    fields: dict[str, Rule]
    items: dict[str, Items] = {}
    create: Creation = Creation()


class Overlay(Strict):
    """What one installation says otherwise: only the lines that differ; a field set to null is not there.

    `stream` changes the stream's own facts for this connection (service path, expand, select, cursor,
    version, create ...).
    """

    overlay: str
    mapping: str
    why: str
    key: Rule | str | None = None
    changed_at: Rule | None = None
    identity: tuple[str, ...] | None = None
    places: dict[str, Place | None] = {}
    fields: dict[str, Rule | None] = {}
    items: dict[str, Items | None] = {}
    create: Creation | None = None
    stream: dict[str, Any] = {}
