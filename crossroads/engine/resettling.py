"""Settle everybody anew when the rules of who wins change: what lost by the former ones is still said, and weighed again."""

from sqlalchemy import select

from crossroads.engine import reviews
from crossroads.engine.settle import settle
from crossroads.engine.workspace import Workspace
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Profile, SettledBy

CHUNK = 1000
_settled_by = Bulk(SettledBy, ("entity", "policy", "at"))


def resettle(ws: Workspace, entity: str, run: str) -> int:
    """Settle all profiles of an entity unless they were settled by these rules; return how many changed.

    The rules are noted at the end: killed on the way, the next attempt begins anew, and those that are settled stay as they are.
    """
    policy, rows = ws.survivorship.digest(entity), table(SettledBy)
    with ws.store.read() as db:
        if db.execute(select(rows.c.policy).where(rows.c.entity == entity)).scalar() == policy:
            return 0
        profiles = db.execute(select(table(Profile).c.id).where(table(Profile).c.entity == entity))
        everybody = sorted(profiles.scalars())
    changed = 0
    for some in chunks(everybody, CHUNK):
        with ws.store.write((entity,)) as db:
            changed += settle(db, ws, entity, some, run=run, at=ws.clock())
    with ws.store.write((entity,)) as db:
        if not ws.survivorship.asks(entity):
            reviews.close_all(db, entity)
        _settled_by(db, [(entity, policy, ws.clock())])
    return changed
