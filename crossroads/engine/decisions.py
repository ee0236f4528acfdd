"""People's decisions about who is right: kept by record address, so that they survive re-runs, merges and re-linking."""

from collections.abc import Iterable, Mapping

import orjson
from sqlalchemy import Connection, select

from crossroads.engine.decided import Decision
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Decision as Row

_decision = Bulk(Row, ("record", "path", "entity", "known", "at", "actor", "why"))


def of(db: Connection, records: Iterable[str]) -> Mapping[str, list[Decision]]:
    """Return the decisions that make one of these records right, by its address."""
    rows = table(Row)
    if db.execute(select(rows.c.record).limit(1)).first() is None:
        return {}  # as a rule nobody has decided anything, and every settlement asks
    columns = select(rows.c.record, rows.c.path, rows.c.known, rows.c.at, rows.c.actor, rows.c.why)
    found: dict[str, list[Decision]] = {}
    for some in chunks(list(records)):
        for record, path, known, *rest in db.execute(columns.where(rows.c.record.in_(some))):
            found.setdefault(record, []).append(Decision(record, path, orjson.loads(known), *rest))
    return found


def keep(db: Connection, entity: str, decision: Decision) -> None:
    """Store a decision; one about the same record and field replaces the former one."""
    known = orjson.dumps(dict(decision.known), option=orjson.OPT_SORT_KEYS).decode()
    told = (decision.record, decision.path, entity, known, decision.at, decision.actor, decision.why)
    _decision(db, [told])


def withdraw(db: Connection, record: str, path: str) -> bool:
    """Delete a decision; tell whether there was one."""
    rows = table(Row)
    return bool(db.execute(rows.delete().where(rows.c.record == record, rows.c.path == path)).rowcount)
