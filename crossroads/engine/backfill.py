"""Backfill: read certain records of a stream, or a window of time, beside the syncs; the cursor is never touched.

A sync may read or write the same records meanwhile: engine/turns.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crossroads.connector import Connector
from crossroads.engine import apart, outcomes
from crossroads.engine.attempt import attempt
from crossroads.engine.page import Reader
from crossroads.engine.run import step
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, RecordRejected
from crossroads.records import Batch, Record, State
from crossroads.store.clock import widened
from crossroads.store.session import chunks

KIND = "backfill"
Progress = Callable[[int], None]
"""Told how many records were read so far."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a backfill did: its run, how the records ended, and the keys its system has no record of."""

    run: str
    counts: Mapping[str, int]
    absent: Sequence[str] = ()


def backfill(
    ws: Workspace, connection: str, stream: str, *, keys: Sequence[str] = (), since: str | None = None,
    until: str | None = None, progress: Progress = lambda done: None,
) -> Filled:  # fmt: skip
    """Read these records again, or those that changed in a window of time, as they are now.

    What is stored is matched and sent by the next run of the sync. Killed, it goes on when it is asked for again.
    """
    if bool(keys) == bool(since) or (until and not since):
        raise ConfigError("Say which records: their keys, or since when they changed.")
    plan, member = apart.member(ws, connection, stream)
    window = instant(since) if since else "", instant(until) if until else ""
    if window[1] and window[1] <= window[0]:
        raise ConfigError(f"Nothing lies between {since} and {until}.")
    run = apart.open_run(ws, plan, KIND, apart.asked(member, *window, sorted(set(keys))))
    absent: list[str] = []
    with step(ws, run, KIND, member.name), ws.open(connection) as connector, attempt() as who:
        lens = ws.lens(connection, stream)
        reader = Reader(ws, plan, member, connector, lens, run, who, step=KIND)
        batches = (
            _fetched(reader, connector, _left(reader, keys), absent)
            if keys
            else _window(reader, connector, *window)
        )
        done = 0
        for records in batches:
            if records:
                reader.store(Batch(records, State()), None)
            done += len(records)
            progress(done)
    return Filled(run, apart.close_run(ws, run, KIND, [member]), absent)


def _left(reader: Reader, keys: Sequence[str]) -> list[str]:
    """Return the keys that an earlier attempt has not read."""
    with reader.ws.store.read() as db:
        done = outcomes.ended(db, reader.run, KIND, reader.member.name)
    return [key for key in sorted(set(keys)) if key not in done]


def _fetched(
    reader: Reader, connector: Connector[Any], keys: Sequence[str], absent: list[str]
) -> Iterator[list[Record]]:
    for some in chunks(keys, reader.stream.page_size):
        reader.turns.ask()
        records = list(connector.fetch(reader.stream, some))
        yield records
        # Absence proves nothing: the record may only be hidden from us.
        there = {_key(reader, record) for record in records}
        absent += [key for key in some if key not in there]


def _key(reader: Reader, record: Record) -> str | None:
    try:
        return reader.lens.key(record)
    except RecordRejected:
        return None


def _window(reader: Reader, connector: Connector[Any], since: str, until: str) -> Iterator[list[Record]]:
    """Yield what changed in a window; deletions are left to the syncs, an old one may have been undone since."""
    reader.turns.ask()  # once: a listing may show every page as it was when it was first asked
    state = connector.state_at(reader.stream, f"{since[:19]}Z")
    for batch in connector.read(reader.stream, state):
        yield [record for record in batch.records if _within(reader, record, since, until)]


def _within(reader: Reader, record: Record, since: str, until: str) -> bool:
    """Tell whether a record changed in a window; one that does not say when is taken in."""
    changed = reader.lens.changed_at(record)
    return changed is None or since <= widened(changed) < (until or "9")


def instant(text: str) -> str:
    """Return a date or time as the store keeps it; without a zone it is UTC.

    >>> instant("2026-11-01"), instant("2026-11-01T01:00:00+01:00")
    ('2026-11-01T00:00:00.000000Z', '2026-11-01T00:00:00.000000Z')
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError("A time is said as 2026-11-01 or 2026-11-01T10:00:00Z.") from None
    found = found.astimezone(UTC) if found.tzinfo else found
    return f"{found.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
