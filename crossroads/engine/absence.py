"""What a whole listing did not show: asked for one by one, because only what is not there then is deleted."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, select

from crossroads.connector import Connector
from crossroads.engine.deletes import here, seen, waiting
from crossroads.engine.listing import Listing
from crossroads.errors import ConfigError, RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.records import Stream
from crossroads.store.session import Store, chunks, table
from crossroads.store.tables import Contribution

_LOOK, _KEYS = 500, 10_000


def sees(stream: Stream) -> bool:
    """Tell whether a record's absence from a whole listing means anything."""
    return stream.deletes != "none" or stream.hides


def absent(
    store: Store,
    connector: Connector[Any],
    stream: Stream,
    member: Member,
    lens: Lens,
    listing: Listing,
    began: str,
) -> list[str]:
    """Return the keys of the records that we know and the system has no more.

    `began` is an id from when reading began: what we made since cannot be in the listing. Whatever else was missing from it, by a
    narrower selection, a move from page to page or a change of rights to a list, shows itself when it is asked for by key.
    """
    with store.read() as db:
        undecided = waiting(db, member)
        missing = [key for key in _known(db, member, began) if key not in listing and key not in undecided]
    try:
        there = still_there(connector, stream, lens, missing)
    except NotImplementedError:
        raise ConfigError(
            f"{member.name}: a listing did not show {len(missing)} records, and its connector cannot look at single ones. "
            "Give it `fetch`, or declare that the stream sees no deletions."
        ) from None
    return [key for key in missing if key not in there]


def _known(db: Connection, member: Member, began: str) -> Iterator[str]:
    """Yield the keys of the records that were there before, some thousands at a time."""
    rows, after = table(Contribution), ""
    known = select(rows.c.key).where(here(rows, member), seen(rows), rows.c.id < began).order_by(rows.c.key)
    while some := db.execute(known.where(rows.c.key > after).limit(_KEYS)).scalars().all():
        yield from some
        after = some[-1]


def still_there(connector: Connector[Any], stream: Stream, lens: Lens, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that the system has."""
    return set(chain.from_iterable(_there(connector, stream, lens, some) for some in chunks(keys, _LOOK)))


def _there(connector: Connector[Any], stream: Stream, lens: Lens, keys: Sequence[str]) -> set[str]:
    try:
        return {lens.key(record) for record in connector.fetch(stream, keys)}
    except RecordRejected:
        # One of them is there and does not say which, or the system refused the question: that is not "not there".
        return set(keys)
