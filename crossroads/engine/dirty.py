"""A contribution that says something new, on its way through parking, linking and settling."""

from typing import NamedTuple

from crossroads.engine.echo import Held


class Dirty(NamedTuple):
    """A changed contribution, its identity as last matched, and the profile it belonged to."""

    id: str
    connection: str
    stream: str
    key: str
    signature: str
    profile: str | None
    gone: bool
    blocked: str | None
    held: Held

    def __repr__(self) -> str:
        return f"Dirty({self.address})"

    @property
    def address(self) -> str:
        """Return `connection/stream/key`: the same for the same record in any order of arrival."""
        return f"{self.connection}/{self.stream}/{self.key}"
