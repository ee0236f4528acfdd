"""Match: find which person, order or conversation each changed contribution belongs to, and settle the golden records it touches.

Works through the dirty contributions of an entity in chunks; each chunk is one transaction that links,
settles, queues what targets must hear, and clears the marks: killed anywhere, the next attempt finds the rest
still marked.
"""

from collections import Counter

from sqlalchemy import Connection, text

from crossroads.engine import arrivals, links, naming, parking, resting, restored
from crossroads.engine.dirty import Dirty, read
from crossroads.engine.resettling import resettle
from crossroads.engine.run import step
from crossroads.engine.settle import settle
from crossroads.engine.signature import signature
from crossroads.engine.workspace import Workspace
from crossroads.plan import Plan
from crossroads.store.session import Update, table
from crossroads.store.tables import Contribution

CHUNK = 1000
_matched = Update(Contribution, ("signature", "words"), dirty=0)
_waiting = Update(Contribution, (), dirty=0)


def match(ws: Workspace, plan: Plan, run: str) -> dict[str, int]:
    """Match and settle everything that changed; return how many contributions were matched, parked, and profiles settled."""
    with step(ws, run, "match", plan.entity):
        with ws.store.write((plan.entity,)) as db:
            restored.bring_home(db, plan.entity, ws.clock())
            naming.recall(db, ws, plan.entity)
        counts = Counter(settled=resettle(ws, plan.entity, run))
        arrivals.compare(ws, plan.entity)
        # What waits for a record that itself waits goes on in the same run, however long the chain is.
        while True:
            counts.update(work_off(ws, plan, run))
            with ws.store.write((plan.entity,)) as db:
                if not parking.release(db, plan.entity):
                    return dict(counts)


def work_off(ws: Workspace, plan: Plan, run: str) -> Counter[str]:
    """Match and settle what is marked as changed, chunk by chunk."""
    counts: Counter[str] = Counter()
    after = ""
    while True:
        with ws.store.write((plan.entity,)) as db:
            dirty = _dirty(db, plan.entity, after)
            if not dirty:
                return counts
            after = dirty[-1].id
            counts.update(_chunk(db, ws, plan, run, dirty))


def _dirty(db: Connection, entity: str, after: str) -> list[Dirty]:
    rows = table(Contribution)
    # In the words of the index, which has them in this order: else all that waits is sorted anew for each chunk.
    return read(db, rows.c.entity == entity, text("dirty > 0"), rows.c.id > after, limit=CHUNK)


def _chunk(db: Connection, ws: Workspace, plan: Plan, run: str, dirty: list[Dirty]) -> Counter[str]:
    at = ws.clock()
    # A stream that no sync names any more rests. So does a new record while it may be one of ours whose answer
    # was lost: as somebody unknown it would be made in every other system.
    doubted = resting.doubted(db)
    new = [d.address for d in dirty if not d.profile and (d.connection, d.stream) in doubted]
    home = restored.home(db, new)
    dirty = [
        d
        for d in dirty
        if (d.connection, d.stream) in ws.entities
        and (d.profile or (d.connection, d.stream) not in doubted or d.address in home)
    ]
    parked = parking.park(db, ws, plan.entity, dirty, run=run, at=at)
    ready = [d for d in dirty if d.id not in parked]
    signed = {d.id: signature(ws, d) for d in ready}
    moved = [d for d in ready if d.profile is None or signed[d.id].text != d.signature]
    touched = {d.profile for d in ready if d.profile is not None}
    if moved:
        said = {d.id: signed[d.id].text for d in moved}
        touched |= links.relink(db, ws, plan.entity, moved, said, run=run, at=at)
    naming.note(db, {d.profile for d in ready if d.profile and (d.gone or d.blocked)})
    held = {d.id: d.held for d in ready}
    settled = settle(db, ws, plan.entity, touched, run=run, at=at, known=held)
    _matched(db, [(*signed[d.id], d.id) for d in ready])
    _waiting(db, [(identity,) for identity in parked])
    return Counter(matched=len(ready), parked=len(parked), settled=settled)
