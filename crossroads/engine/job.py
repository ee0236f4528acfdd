"""One attempt to bring one target stream up to date, and all it works with: passed on whole, instead of piece by piece."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from crossroads.connector import Connector
from crossroads.engine.echo import Together
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.turns import Turns
from crossroads.engine.workspace import Workspace
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import Stream
from crossroads.store.scopes import Scope


@dataclass(frozen=True)
class Job:
    """Who works for which run on which target stream, through which connector and mapping, and how its records ended."""

    ws: Workspace
    plan: Plan
    member: Member
    lens: Lens
    connector: Connector[Any]
    run: str
    who: str
    outcomes: Outcomes
    turns: Turns

    @property
    def stream(self) -> Stream:
        """Return the target stream as its connector declares it."""
        return self.connector.streams[self.member.stream]

    @property
    def place(self) -> tuple[str, str]:
        """Return connection and stream: the first two columns of most tables."""
        return self.member.connection, self.member.stream

    @property
    def scope(self) -> Scope:
        """Return what of the store a transaction about this stream alone is alone with."""
        return self.plan.entity, self.member.name

    @property
    def together(self) -> Together:
        """Return what names the group of fields that a field is decided with."""
        return partial(self.ws.survivorship.together, self.plan.entity)
