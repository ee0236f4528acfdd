"""Pull: read what changed in one stream, and store what it says, page by page, each page one transaction.

The cursor is stored in the transaction of its page, so that a killed pull goes on where it was. A full compare reads
everything again and leaves the cursor alone until it is through; killed, it begins anew. What it does not show is then
asked for by key, and is deleted if it is not there.
"""

import logging
from contextlib import suppress
from typing import Any

import orjson
from sqlalchemy import Connection, exists, select

from crossroads import journal
from crossroads.connector import Connector
from crossroads.engine import words
from crossroads.engine.absence import absent, sees, still_there
from crossroads.engine.attempt import attempt
from crossroads.engine.listing import Listing
from crossroads.engine.page import Reader
from crossroads.engine.run import compares, comparing, step
from crossroads.engine.schedule import compare_due
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, HistoryLost
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import State
from crossroads.store import newid
from crossroads.store.session import table
from crossroads.store.tables import Contribution, StreamState

log = logging.getLogger(__name__)


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
        reader = Reader(ws, plan, member, connector, lens, run, who)
        try:
            state = _read(reader, connector, since, full=full)
        except HistoryLost as lost:
            # An alarm, and then everything: never a full load nobody hears of.
            told = words.kept(str(lost))
            log.warning("%s: %s Everything is compared.", member.name, told)
            full = True
            with ws.store.write(("run", run)) as db:
                comparing(db, run, name)
                note = journal.Line("pull", member.name, {"compares": told})
                journal.append(db, [note], run=run, at=ws.clock())
            state = _read(reader, connector, since, full=True)
        if full or read_by is None:
            reader.read_whole(state)
        return dict(reader.outcomes.counts)


def _read(reader: Reader, connector: Connector[Any], since: State, *, full: bool) -> State:
    """Read page by page, then weigh what was deleted; return the cursor that is true at the end."""
    stream, member, ws = reader.stream, reader.member, reader.ws
    began, state = newid(), State() if full else since
    reader.listing, reader.compares = Listing() if full and sees(stream) else None, full
    keep = full and bool(since)  # the cursor of an old page must not replace the newest one
    for batch in connector.read(stream, state):
        state = batch.state
        reader.store(batch, None if keep else state)
    missing: list[str] = []
    doubt = reader.listing.doubt() if reader.listing is not None else None
    if doubt:
        log.warning("%s: nothing is taken for deleted by its absence: %s.", member.name, doubt)
        with ws.store.write(reader.scope) as db:
            note = journal.Line("pull", member.name, {"proves nothing": doubt})
            journal.append(db, [note], run=reader.run, at=ws.clock())
    elif reader.listing is not None:
        missing = absent(ws.store, connector, stream, member, reader.lens, reader.listing, began)
    approved = [key for key, verdict in reader.waiting.items() if verdict == "approved"]
    there = set[str]()
    with suppress(NotImplementedError):  # then the person's word has to do
        there = still_there(connector, stream, reader.lens, approved)
    if missing or reader.waiting:
        reader.judge(missing, sorted(there))
    # Where a log tells of deletions, what it told since the last read is not in the listing, so the log is asked again.
    return since if doubt and since and stream.deletes in ("native", "tombstones") else state


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
