"""One connector's claims, as its `quality.yaml` makes them."""

from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from crossroads.errors import ConfigError, told

Tier: TypeAlias = Literal["bronze", "silver", "gold", "platinum"]
TIERS: tuple[Tier, ...] = ("bronze", "silver", "gold", "platinum")
"""Each tier includes those before it."""


class Claim(BaseModel):
    """What a connector says of one rule: `done`, `{todo: why not yet}` or `{exempt: why it cannot apply}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal["done", "todo", "exempt"]
    reason: str = ""

    @model_validator(mode="before")
    @classmethod
    def _written(cls, said: Any) -> Any:
        if said == "done":
            return {"state": "done"}
        if isinstance(said, dict) and len(said) == 1:
            ((state, reason),) = said.items()
            if state in ("todo", "exempt") and isinstance(reason, str) and reason.strip():
                return {"state": state, "reason": reason.strip()}
        raise ValueError("say done, {todo: why not yet} or {exempt: why it cannot apply}")


class Claims(BaseModel):
    """The tier a connector claims, and its word on every rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tier: Tier
    rules: dict[str, Claim]


def read(path: Path) -> Claims:
    """Read a `quality.yaml`; a mistake names the file and the key."""
    try:
        return Claims.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there are no claims; write what is done and what is not.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {told(error)}") from None
