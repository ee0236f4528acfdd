"""The plug-in contract: what a connector promises, on one screen."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from crossroads.errors import ConfigError
from crossroads.records import Batch, Change, Found, State, Stream, WriteResult


class Settings(BaseModel):
    """Settings of one connection; each connector declares its own fields, secrets as `SecretStr`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


C = TypeVar("C", bound=Settings)


class Connector(ABC, Generic[C]):
    """A system we can read from, write to, or both.

    One instance serves one task in one process; `write` may send a few changes in parallel inside itself.
    """

    settings_model: type[C]

    def __init__(self, settings: C, streams: Sequence[Stream]) -> None:
        self.settings = settings
        self.streams = {stream.name: stream for stream in streams}

    @abstractmethod
    def check(self) -> None:
        """Return if the system answers us as who we say we are; otherwise raise a CrossroadsError."""

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield what changed after `since`, oldest first; everything, when `since` is empty."""
        raise NotImplementedError(f"{type(self).__name__} cannot read {stream.name}")

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the records with these keys as they are now; absent ones are left out."""
        raise NotImplementedError(f"{type(self).__name__} cannot fetch {stream.name}")

    def state_at(self, stream: Stream, instant: str) -> State:
        """Return where reading would stand had it been left at an instant, `2026-11-22T10:00:00Z`."""
        raise ConfigError(
            f"{stream.name} cannot be read from a point in time here: name the records by their keys."
        )

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Yield exactly one result per change, in order."""
        raise NotImplementedError(f"{type(self).__name__} cannot write {stream.name}")

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Return what an earlier attempt of this create left behind: nothing, one record, or a double."""
        raise NotImplementedError(f"{type(self).__name__} cannot find {stream.name}")

    def close(self) -> None:
        """Release connections; called once, also after an error."""

    def __enter__(self) -> "Connector[C]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
