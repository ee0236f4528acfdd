"""A first sync: where nobody is known and many come, all are compared at once, by Splink, before they are matched one by one.

Matching them afterwards finds each said already, and links. Whoever came, changed or went in between is found by that as ever, so
nothing hangs on when this was done, or whether: it is faster, and takes more memory.
"""

import logging
from collections.abc import Iterator
from importlib.util import find_spec

from sqlalchemy import Connection, func, select, text

from crossroads.engine import dirty, persons, resting
from crossroads.engine.dirty import Dirty
from crossroads.engine.persons import PERSONS
from crossroads.engine.signature import signature
from crossroads.engine.workspace import Workspace
from crossroads.identity.online import nodes
from crossroads.identity.person import Said
from crossroads.identity.said import read
from crossroads.store.session import table
from crossroads.store.tables import Contribution

log = logging.getLogger(__name__)

EXTRA = "splink"
"""What the extra `identity` brings; without it, everybody comes one by one."""

CHUNK = 2_000


def compare(ws: Workspace, entity: str) -> int:
    """Compare all customers at once if so many wait and none is known yet; return how many were."""
    if entity != PERSONS or find_spec(EXTRA) is None:
        return 0
    with ws.store.read() as db:
        if not nodes.none(db) or (waiting := _waiting(db)) < ws.at_once:
            return 0
        log.info("Nobody is known yet, and %s customers wait: all are compared at once.", waiting)
        model = ws.register(db).model
        # Here, for it costs a second: a run that brings little has no use for it.
        from crossroads.identity.online import loading, together
        from crossroads.identity.online.everybody import everybody

        with everybody(_arriving(db, ws), model.nicknames, model) as people:
            found = together.likely(people, model)
            whose = together.persons(people, model, found.pairs, together.words(db))
            # All that takes long is done before anybody has to wait for it.
            with ws.store.write((entity,)) as own:
                if not nodes.none(own) or ws.register(own).version != model.version:
                    return 0
                persons.begun(own, ws, at=ws.clock())
                loading.load(own, people, found.pairs, whose)
            return people.count


def _waiting(db: Connection) -> int:
    rows = table(Contribution)
    return db.execute(select(func.count()).where(rows.c.entity == PERSONS, text("dirty > 0"))).scalar_one()


def _arriving(db: Connection, ws: Workspace) -> Iterator[tuple[str, Said]]:
    """Yield what the records say that are to be matched; those that may have to wait for something come one by one."""
    rows, doubted, after = table(Contribution), resting.doubted(db), ""
    while some := dirty.read(db, rows.c.entity == PERSONS, text("dirty > 0"), rows.c.id > after, limit=CHUNK):
        after = some[-1].id
        for one in some:
            if not one.profile and (one.connection, one.stream) not in doubted and _ready(ws, one):
                yield one.address, read(signature(ws, one).text)


def _ready(ws: Workspace, one: Dirty) -> bool:
    if (one.connection, one.stream) not in ws.entities:
        return False
    references = ws.lens(one.connection, one.stream).references.values()
    return not any(reference.required for reference in references)
