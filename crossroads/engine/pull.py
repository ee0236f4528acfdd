"""Pull: read what changed in one stream, and store what it says, page by page, each page one transaction.

The cursor is stored in the transaction of its page, so that a killed pull goes on where it was. A full compare reads
everything again and leaves the cursor alone until it is through.
"""

import orjson
from sqlalchemy import Connection, exists, select

from crossroads.engine.attempt import attempt
from crossroads.engine.page import Reader
from crossroads.engine.run import compares, comparing, step
from crossroads.engine.schedule import compare_due
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import State
from crossroads.store.session import table
from crossroads.store.tables import Contribution, StreamState


def pull(ws: Workspace, plan: Plan, name: str, run: str) -> dict[str, int]:
    """Read one member of a sync and return how many records ended how."""
    member = plan.member(name)
    with step(ws, run, "pull", name), ws.open(member.connection) as connector, attempt() as who:
        lens = ws.lens(member.connection, member.stream)
        with ws.store.write((plan.entity, member.name), ("run", run)) as db:
            since, read_by = _left(ws, db, member)
            full = (
                compares(db, run)
                or compare_due(db, member, run, ws.clock())
                or read_by not in (lens.version, None)
                or (read_by is None and _read_by_another_mapping(db, member, lens))
            )
            if full:
                comparing(db, run, name)
        reader = Reader(ws, plan, member, connector.streams[member.stream], lens, run, who)
        keep = full and bool(since)  # the cursor of an old page must not replace the newest one
        state = since
        for batch in connector.read(reader.stream, State() if full else since):
            state = batch.state
            reader.store(batch, None if keep else state)
        if full or read_by is None:
            reader.read_whole(state)
        return dict(reader.outcomes.counts)


def _left(ws: Workspace, db: Connection, member: Member) -> tuple[State, str | None]:
    """Return where reading was left, and the mapping by which everything was read, once it was."""
    states = table(StreamState)
    mine = (states.c.connection == member.connection, states.c.stream == member.stream)
    row = db.execute(select(states).where(*mine)).first()
    if row is None:
        return State(), None
    if row.origin != ws.system(member.connection).origin:
        raise ConfigError(
            f"{member.name}: the stored cursor belongs to another installation ({row.system}). If connection "
            f"{member.connection!r} was moved to this system on purpose, give it a new name: its records are "
            "other records."
        )
    return State(orjson.loads(row.cursor)), row.mapping


def _read_by_another_mapping(db: Connection, member: Member, lens: Lens) -> bool:
    rows = table(Contribution)
    mine = (rows.c.connection == member.connection) & (rows.c.stream == member.stream)
    return bool(db.execute(select(exists().where(mine, rows.c.mapping != lens.version))).scalar())
