"""What every step of a run works with: the store, the plans, the systems and the rules. Passed in, never ambient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection

from crossroads import mapping, registry
from crossroads.connector import Connector
from crossroads.engine.survivorship import Survivorship
from crossroads.identity.model import Model
from crossroads.identity.online import Register, models
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.protocols.counters import beside
from crossroads.store import Store
from crossroads.store.clock import Clock, now

AT_ONCE = 50_000  # new customers: of 20,000, Splink's own beginnings take what it saves
LEASE_SECONDS = (
    120.0  # how long a write may be ours without a sign of life (lease.py gives one three times as often)
)


@dataclass(frozen=True)
class System:
    """One installation of one system: a connection's settings and what its overlay says otherwise."""

    system: str
    settings: Mapping[str, Any]
    overlay: str | None = None

    @property
    def origin(self) -> str:
        """Return what tells this installation from another one of the same system; a cursor is good for one origin only."""
        place = sorted(
            f"{name}={value}" for name, value in self.settings.items() if "url" in name or name == "client"
        )
        return blake2b("|".join([self.system, *place]).encode(), digest_size=8).hexdigest()


@dataclass
class Workspace:
    """The seam between the engine and the world: tests pass fakes here, Airflow passes its connections."""

    store: Store
    plans: Sequence[Plan]
    system: Callable[[str], System]
    survivorship: Survivorship = field(default_factory=Survivorship.shipped)
    clock: Clock = now
    connect: Callable[[str], Connector[Any]] | None = None
    lenses: dict[tuple[str, str], Lens] = field(default_factory=dict)
    lease_seconds: float = LEASE_SECONDS
    at_once: int = AT_ONCE  # so many new customers are compared at once, where none is known yet
    model: Model = field(default_factory=Model.shipped)  # what a store begins with
    _register: Register | None = field(default=None, init=False, repr=False)

    def register(self, db: Connection) -> Register:
        """Return what finds who is one person in the store, by the model in use there."""
        version = models.in_use(db)
        known = self._register
        if known is None or known.version != (version or self.model.version):
            known = self._register = Register(models.kept(db, version) if version else self.model)
        return known

    def plan(self, sync: str) -> Plan:
        """Return the plan of that name."""
        return next(plan for plan in self.plans if plan.sync == sync)

    def members(self, entity: str) -> list[Member]:
        """Return every stream that takes part in some sync of an entity."""
        return [member for plan in self.plans if plan.entity == entity for member in plan.between]

    @cached_property
    def entities(self) -> dict[tuple[str, str], str]:
        """Return the entity of every (connection, stream)."""
        return {(m.connection, m.stream): plan.entity for plan in self.plans for m in plan.between}

    def lens(self, connection: str, stream: str) -> Lens:
        """Return the compiled mapping of a stream, with the connection's overlay on top."""
        found = self.lenses.get((connection, stream))
        if found is None:
            system = self.system(connection)
            entity = self.entities[connection, stream]
            found = mapping.load(system.system, entity, stream=stream, overlay=system.overlay)
            self.lenses[connection, stream] = found
        return found

    def open(self, connection: str) -> Connector[Any]:
        """Open the connector of a connection; its streams know what the overlay says otherwise."""
        if self.connect is not None:
            return self.connect(connection)
        system = self.system(connection)
        options = {
            stream: dict(self.lens(connection, stream).stream_options)
            for (name, stream) in self.entities
            if name == connection
        }
        return registry.open(system.system, dict(system.settings), options, calls=beside(self.store.url))
