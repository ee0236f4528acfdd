"""What a sync file in `dags/syncs/` says: which connections keep which entity the same, and when."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from crossroads.canonical import ENTITIES, knows
from crossroads.errors import ConfigError, told


class Strict(BaseModel):
    """A piece of a plan: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class When(Strict):
    """Create only records whose canonical fields have these values."""

    when: dict[str, str]


class Brake(Strict):
    """How many deletions one read of a stream may tell before a person is asked.

    A person is asked for more than `least`, if they are more than `most` of the records that live.
    """

    most: str = Field("5%", pattern=r"^(100|\d{1,2})(\.\d+)?%$")
    least: int = Field(20, ge=0)

    def stops(self, told: int, living: int) -> bool:
        """Tell whether so many deletions of so many records need a person.

        >>> Brake().stops(20, 100), Brake().stops(21, 100), Brake().stops(21, 1000)
        (False, True, False)
        """
        return told > self.least and told > living * float(self.most[:-1]) / 100


class Member(Strict):
    """One stream of one connection that takes part in a sync.

    `create` says which new records the stream receives beside changes of those it holds: none, all, those
    that another record waits for (`needed`: an order needs its customer), or those with certain values.
    `compare` says how often everything is read instead of what changed: for systems whose change dates do not
    move with every change. `deletes` says when deletions wait for a person.
    """

    connection: str
    stream: str
    read: bool = True
    write: bool = True
    create: Literal["never", "always", "needed"] | When = "never"
    compare: Literal["never", "always", "daily", "weekly"] = "weekly"
    deletes: Brake = Brake()

    @property
    def name(self) -> str:
        """`connection.stream`, as tasks and people call it."""
        return f"{self.connection}.{self.stream}"


class Plan(Strict):
    """One sync: an entity, a schedule, and the streams between which it is kept the same."""

    sync: str
    entity: Literal["customer", "order", "interaction"]
    schedule: str | None = None
    owner: str
    between: tuple[Member, ...]

    @field_validator("between")
    @classmethod
    def _once(cls, between: tuple[Member, ...]) -> tuple[Member, ...]:
        names = [member.name for member in between]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} stands there twice; keep one")
        return between

    def member(self, name: str) -> Member:
        """Return the member called `connection.stream`."""
        for member in self.between:
            if member.name == name:
                return member
        raise ConfigError(
            f"Sync {self.sync!r} has no member {name!r}; it has {', '.join(m.name for m in self.between)}."
        )


def load(path: Path) -> Plan:
    """Read one sync file; a mistake names the file and the key."""
    try:
        raw: Any = yaml.safe_load(path.read_text())
        plan = Plan.model_validate(raw)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path.name}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {told(error)}") from None
    for member in plan.between:
        if isinstance(member.create, When):
            for field in member.create.when:
                if not knows(ENTITIES[plan.entity], field):
                    raise ConfigError(f"{path.name}: {member.name}: a {plan.entity} has no field {field!r}.")
    return plan


def plans(folder: Path) -> list[Plan]:
    """Read every sync file of a folder, by name; which has to run first, their mappings say."""
    return sorted((load(path) for path in folder.glob("*.yaml")), key=lambda plan: plan.sync)
