"""What must hold once it is quiet: nobody doubled, nothing lost, all systems say the same, the journal whole."""

from collections import Counter
from typing import Any

import orjson
from sqlalchemy import select

from crossroads import journal
from crossroads.engine import Workspace
from crossroads.identity.names import folded
from crossroads.store.session import table
from crossroads.store.tables import Contribution, Intent, Link, Profile
from sandbox.load.systems import NAMES

EXAMPLES = 8


def judged(ws: Workspace, told: dict[str, Any]) -> dict[str, Any]:
    """Return how many are doubled, lost and not converged, whether the journal holds, and some `examples` of what is wrong."""
    return {"duplicates": doubled(told), **_compared(ws, told["records"]), "journal": _broken(ws)}


def doubled(told: dict[str, Any]) -> int:
    """Return how many records a system has of a person beyond those that people made, and beyond one order a number."""
    found = 0
    for streams in told["records"].values():
        people = Counter(record["family"] for record in streams.get("people", {}).values())
        # Whom people made twice may be there twice; whom they made once, once.
        found += sum(max(0, count - told["made"][family]) for family, count in people.items())
        orders = Counter(record["reference"] for record in streams.get("orders", {}).values())
        found += sum(count - 1 for count in orders.values())
    return found


def _compared(ws: Workspace, records: dict[str, Any]) -> dict[str, Any]:
    contributions, link, profiles = table(Contribution), table(Link), table(Profile)
    with ws.store.read() as db:
        linked = dict(db.execute(select(link.c.contribution, link.c.profile)).all())
        golden = {row.id: (row.entity, orjson.loads(row.document)) for row in db.execute(select(profiles))}
        known = db.execute(select(contributions).where(contributions.c.entity == "customer")).all()
        every = db.execute(
            select(contributions.c.connection, contributions.c.stream, contributions.c.key)
        ).all()
        intents = table(Intent)
        hanging = len(
            db.execute(select(intents.c.id).where(intents.c.state.in_(("planned", "sent", "unknown")))).all()
        )
    there = {
        (name, stream, key)
        for name, streams in records.items()
        for stream in streams
        for key in streams[stream]
    }
    unknown = sorted(there - {tuple(row) for row in every})
    places: dict[str, set[str]] = {}
    examples = [f"{'/'.join(place)}: unknown" for place in unknown]
    differing = undead = 0
    for row in known:
        profile, name = linked[row.id], f"{row.connection}/{row.stream}/{row.key}"
        places.setdefault(profile, set()).add(row.connection)
        if row.gone:
            continue
        record = records[row.connection][row.stream].get(row.key)
        if record is None:  # deleted there, and held for living here
            undead += 1
            examples.append(f"{name}: not there any more")
            continue
        lens = ws.lens(row.connection, row.stream)
        says, ours = lens.get(record), golden[profile][1]
        # What is united beside the newest is told to nobody.
        told = sorted({*says, *filter(lens.writes, ours)})
        other = [p for p in told if folded(ours.get(p) or "") != folded(says.get(p) or "")]
        differing += bool(other)
        examples += [f"{name}: {path} is not that of profile {profile}" for path in other]
    people = [identity for identity, (entity, _) in golden.items() if entity == "customer"]
    lacking = {identity: set(NAMES) - places.get(identity, set()) for identity in people}
    missing = sum(map(bool, lacking.values()))
    examples += [
        f"{identity}: not in {', '.join(sorted(names))}" for identity, names in lacking.items() if names
    ]
    wanted = {order["reference"] for order in records["shop"].get("orders", {}).values()}
    missing += len(wanted - {order["reference"] for order in records["erp"].get("orders", {}).values()})
    return {
        "people": len(people),
        "orders": len(wanted),
        "lost": len(unknown) + missing,
        "differing": differing,
        "undead": undead,
        "hanging": hanging,
        "examples": examples[:EXAMPLES],
    }


def _broken(ws: Workspace) -> int:
    with ws.store.read() as db:
        return len(list(journal.verify(db)))
