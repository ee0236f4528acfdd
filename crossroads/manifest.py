"""What a connector says about itself: `manifest.yaml`, checked. Unknown keys are refused."""

import inspect
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    create_model,
    model_validator,
)

from crossroads.connector import Settings
from crossroads.errors import ConfigError, told
from crossroads.records import Deletes, Safety, Stream


class Strict(BaseModel):
    """A piece of a manifest: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Setting(Strict):
    """One field of the connection form."""

    type: Literal["text", "url", "secret", "integer", "number", "flag", "list"]
    help: str
    default: Any = None
    required: bool = True

    @property
    def annotation(self) -> Any:
        """The Python type of the value."""
        kinds: dict[str, Any] = {
            "secret": SecretStr,
            "integer": int,
            "number": float,
            "flag": bool,
            "list": tuple[str, ...],
        }
        return kinds.get(self.type, str)


Calls: TypeAlias = Annotated[int, Field(ge=1)] | str


class Limits(Strict):
    """How hard a system may be asked: its call budget, and how many connections at a time.

    A budget is a number of calls, or the setting that holds it. `per` names the settings that tell one budget of
    the system from another; without it, these are the addresses and the user (or, without a user, the secrets).
    """

    parallel: int = 1
    per: tuple[str, ...] = ()
    per_second: Calls | None = None
    per_minute: Calls | None = None
    per_5_minutes: Calls | None = None
    per_hour: Calls | None = None
    per_day: Calls | None = None

    @property
    def budget(self) -> dict[str, int | str]:
        """The limits that count calls."""
        return self.model_dump(exclude={"parallel", "per"}, exclude_none=True)


class Paging(Strict):
    """Which way a list is handed out; the other keys are that way's own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Literal["single", "link_header", "json_url", "json_cursor", "page_number", "offset", "id_desc"]


class Since(Strict):
    """How a stream is read from where it was left.

    `param` takes the highest `field` seen, less `overlap_seconds` if that is a time.
    `ordered` promises that the list comes sorted by `field`; else the cursor moves at the end of the list
    only.
    """

    param: str
    field: str
    overlap_seconds: int = 0
    ordered: bool = False


class Read(Strict):
    """How a stream is listed; `total` is the header, or the place, that says how many records the whole list has."""

    path: str
    items: str = ""
    total: str = ""
    params: dict[str, str | int | bool] = {}
    paging: Paging = Paging(kind="single")
    since: Since | None = None


class Send(Strict):
    """One way of writing.

    `{key}` in the path stands for the record's key, `wrap` is the place the record goes to in the body.
    `idempotency_header` carries the intent's id; `result` is the place of the written record in the answer.
    """

    method: Literal["POST", "PUT", "PATCH"]
    path: str
    wrap: str = ""
    result: str = ""
    idempotency_header: str | None = None


class Find(Strict):
    """How a create is found again: the parameter `param` takes the business reference."""

    path: str
    param: str
    items: str = ""


class StreamBlock(Strict):
    """One stream: the facts of `records.Stream`, and how an ordinary REST system is asked."""

    key: str
    version: str | None = None
    blind_updates: str | None = None
    readable: bool = True
    writable: bool = False
    create: Safety = "search"
    deletes: Deletes = "none"
    blocked: tuple[str, ...] = ()
    hides: bool = False
    page_size: int = 200
    write_size: int = 1
    settle_seconds: float = 30.0
    options: dict[str, Any] = {}
    read: Read | None = None
    fetch: str | None = None
    create_by: Send | None = None
    update_by: Send | None = None
    find: Find | None = None


class Manifest(Strict):
    """What every connector says about itself, whether or not it has code."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    category: Literal["erp", "crm", "ecommerce", "social", "community", "contact_centre", "email", "files"]
    protocol: Literal["rest", "graphql", "odata", "soap", "rfc", "imap", "files"]
    owner: str
    quality: Literal["bronze", "silver", "gold", "platinum"]
    settings: dict[str, Setting]
    limits: Limits = Limits()
    auth: dict[str, Any] = {}
    headers: dict[str, str] = {}
    check: str | None = None
    streams: dict[str, StreamBlock]

    @model_validator(mode="after")
    def _limits_name_settings(self) -> "Manifest":
        named = [*self.limits.per, *(one for one in self.limits.budget.values() if isinstance(one, str))]
        for name in named:
            if name not in self.settings:
                raise ValueError(f"limits name a setting {name!r} that is not there")
        return self

    def settings_model(self) -> type[Settings]:
        """Return the settings as a model, for connectors that declare none of their own."""
        declared: dict[str, Any] = {
            name: (
                one.annotation if one.required else one.annotation | None,
                ... if one.required and one.default is None else one.default,
            )
            for name, one in self.settings.items()
        }
        return create_model(f"{self.name}_settings", __base__=Settings, **declared)

    def stream(self, name: str, changes: Mapping[str, Any] | None = None) -> Stream:
        """Return one stream with an installation's `changes`: its facts by name, the rest as options."""
        block = self.streams[name]
        facts = {one.name for one in dataclass_fields(Stream)} - {"name", "options"}
        told = block.model_dump(exclude_none=True)
        options = told.pop("options", {}) | {key: told[key] for key in told if key not in facts}
        for key, value in (changes or {}).items():
            if key in facts:
                told[key] = value
            elif isinstance(value, Mapping) and isinstance(options.get(key), Mapping):
                options[key] = {**options[key], **value}
            else:
                options[key] = value
        return Stream(name, **{key: told[key] for key in facts if key in told}, options=options)


def read(path: Path) -> Manifest:
    """Read a manifest; a mistake names the file and the key."""
    try:
        return Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no manifest.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {inspect.cleandoc(str(error)).splitlines()[0]}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {told(error)}") from None
