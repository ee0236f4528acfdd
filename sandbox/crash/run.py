"""One run of the sync as the DAG does it, in a process that may be killed, over a wire that may fail."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from requests import PreparedRequest

from crossroads import engine
from crossroads.connector import Connector
from crossroads.engine import System, Workspace
from crossroads.engine.survivorship import Survivorship
from crossroads.errors import CrossroadsError
from crossroads.plan import Plan
from crossroads.store import Store
from crossroads.testkit.faults import FAULTS, ONCE_ONLY, FaultyTransport
from crossroads.testkit.killer import Moments, kill_after
from sandbox.crash.connector import RingConnector
from sandbox.crash.ring import SYSTEMS
from sandbox.lenses import lens

GREEN, RED = 0, 1
REFUSALS = ("unauthorized", "forbidden", "html", "shapeless")
"""What makes a person act: right in its place, but a run that meets it ends, and a storm should go on."""

PLAN = Plan.model_validate(
    {
        "sync": "customers",
        "entity": "customer",
        "owner": "trials",
        "between": [{"connection": name, "stream": "people", "create": "always"} for name in SYSTEMS],
    }
)


LENSES = {(name, "people"): lens(name, "customer") for name in SYSTEMS}


@dataclass(frozen=True)
class Weather:
    """What befalls one run: the share of requests that fail, and when its process dies, if it does.

    The storm hits `writes` alone, or all; of a `deaf` system no list can be read, while it takes writes.
    """

    seed: int
    storm: float = 0.0
    writes: bool = False
    deaf: str | None = None
    kill_after: float | None = None
    kill_at: int | None = None


@dataclass
class Result:
    """What a run that lived tells: how many faults it met, how many moments it had, what went wrong."""

    faults: int
    moments: int
    told: list[str]


def workspace(store: Store, connect: Callable[[str], Connector[Any]]) -> Workspace:
    """Return what the engine works with."""
    return Workspace(
        store=store,
        plans=[PLAN],
        system=lambda name: System(name, {"base_url": f"https://{name}.example"}),
        survivorship=_POLICIES,
        connect=connect,
        lenses=LENSES,
    )


def _writes(request: PreparedRequest) -> bool:
    return request.method != "GET"


def _lists(request: PreparedRequest) -> bool:
    return "after=" in (request.url or "")


_POLICIES = Survivorship.shipped()


def perform(url: str, database: str, run: str, weather: Weather) -> Result:
    """Do every step; one that fails stops no other, as in the DAG."""
    moments = Moments(weather.kill_at).watch()
    if weather.kill_after is not None:
        kill_after(weather.kill_after)
    store = Store(database)
    transports: list[FaultyTransport] = []

    def connect(name: str) -> RingConnector:
        transport = FaultyTransport(delay=0.03, retry_after=0.01)
        if weather.storm:
            harmless = {*REFUSALS, *(ONCE_ONLY if name == "crm" else ())}
            faults = [fault for fault in FAULTS if fault not in harmless]
            random = Random(f"{weather.seed}/{name}/{len(transports)}")
            transport.storm(random, weather.storm, faults, _writes if weather.writes else None)
        if weather.deaf == name:
            transport.fail("busy", times=sys.maxsize, when=_lists)
        transports.append(transport)
        return RingConnector(name, url, transport, moments.pass_by)

    ws = workspace(store, connect)
    told = []
    engine.begin(ws, PLAN, run)
    pulls, pushes = (
        [partial(step, ws, PLAN, member.name, run) for member in PLAN.between]
        for step in (engine.pull, engine.push)
    )
    steps: list[Callable[[], object]] = [*pulls, partial(engine.match, ws, PLAN, run), *pushes]
    steps.append(partial(engine.report, ws, PLAN, run))
    for one in steps:
        try:
            one()
        except CrossroadsError as error:
            told.append(f"{type(error).__name__}: {error}")
    store.close()
    return Result(sum(sum(t.done.values()) for t in transports), moments.count, told)
