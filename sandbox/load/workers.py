"""The worker processes: each runs one sync after another on the store that all of them share."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from crossroads import engine
from crossroads.engine import System, Workspace
from crossroads.engine.report import RunFailed
from crossroads.engine.survivorship import Survivorship
from crossroads.errors import CrossroadsError, Superseded
from crossroads.plan import Plan
from crossroads.protocols.counters import beside
from crossroads.store import Store
from sandbox.lenses import STREAMS, lens
from sandbox.load.systems import NAMES, Remote


def plan(sync: str, entity: str, *names: str, **members: dict[str, Any]) -> Plan:
    """Return a sync of one entity between some systems."""
    between = [
        {"connection": n, "stream": STREAMS[entity], "create": "always", **members.get(n, {})} for n in names
    ]
    return Plan.model_validate({"sync": sync, "entity": entity, "owner": "load", "between": between})


PLANS = [
    # People delete one record in twenty of these: here that is no mistake, and nobody is there to approve of it.
    plan("customers", "customer", *NAMES, crm={"deletes": {"most": "100%", "least": 100}}),
    plan("orders", "order", "shop", "erp", shop={"create": "never"}),
]


def workspace(url: str, systems: Any) -> Workspace:
    """Return what the engine works with."""
    return Workspace(
        store=Store(url),
        plans=PLANS,
        system=lambda name: System(name, {"base_url": f"https://{name}.example"}),
        survivorship=Survivorship.shipped(),
        connect=lambda name: Remote(systems, name, beside(url)),
        lenses={(m.connection, m.stream): lens(m.connection, p.entity) for p in PLANS for m in p.between},
    )


def run(ws: Workspace, plan: Plan, name: str, told: Counter[str]) -> bool:
    """Make one run as the DAG does, where a step that fails stops no other; return whether it is green.

    Two at one stream at once are told so (Superseded), and a run beside others may end with a write in doubt: neither is
    wrong. Whatever else goes wrong is counted under its class, and fails the load.
    """
    engine.begin(ws, plan, name)
    steps: list[Callable[[], Any]] = [
        partial(engine.pull, ws, plan, m.name, name) for m in plan.between if m.read
    ]
    steps += [partial(engine.match, ws, plan, name)]
    steps += [partial(engine.push, ws, plan, m.name, name) for m in plan.between if m.write]
    steps += [partial(engine.report, ws, plan, name)]
    green = True
    for step in steps:
        try:
            step()
        except (Superseded, RunFailed) as error:
            told[type(error).__name__] += 1
            green = False
        except CrossroadsError as error:
            told[f"error {type(error).__name__}"] += 1
            green = False
        except Exception as error:  # a database that says deadlock, for one
            told[f"error {type(error).__name__} {type(error.__cause__).__name__}"] += 1
            green = False
    told["runs"] += 1
    return green


def work(number: int, url: str, systems: Any, until: float, pipe: Any) -> None:
    """Run syncs until the time is up, in a process of its own, and say how that went."""
    ws, chance = workspace(url, systems), random.Random(number)
    told: Counter[str] = Counter()
    count = 0
    while time.monotonic() < until:
        count += 1
        some = chance.choices(PLANS, (3, 1))[0]
        run(ws, some, f"{some.sync}/{os.getpid()}-{count}", told)
    ws.store.close()
    pipe.send(told)
