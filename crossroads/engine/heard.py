"""What the changed records of a page hold now, and what of it is their system's own word."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from crossroads.engine import echo, ledger, restored
from crossroads.engine.blocks import lock, released, silenced
from crossroads.engine.entered import Page
from crossroads.engine.known import Known
from crossroads.engine.remapped import remapped
from crossroads.store import newid
from crossroads.store.clock import widened
from crossroads.store.session import Bulk
from crossroads.store.tables import Contribution

if TYPE_CHECKING:
    from crossroads.engine.page import Reader

_COLUMNS = (
    "id", "entity", "connection", "stream", "key", "version", "digest", "mapping", "holds", "said", "echo", "since",
    "said_at", "changed_at", "replaced", "raw", "dictionary", "signature", "gone", "blocked", "dirty", "turn",
    "run",
)  # fmt: skip
_KEPT = ("id", "entity", "connection", "stream", "key", "said_at", "signature")
_contribution = Bulk(
    Contribution,
    _COLUMNS,
    conflict=("connection", "stream", "key"),
    update=[column for column in _COLUMNS if column not in _KEPT],
)


def keep(db: Connection, reader: "Reader", page: Page, former: Mapping[str, Known], at: str) -> None:
    """Store what the records of a page say that are not as they were."""
    member, lens, version = reader.member, reader.lens, reader.stream.version
    place = (reader.plan.entity, member.connection, member.stream)
    old = echo.held(db, member, [key for key in page.documents if key in former])
    unanswered = ledger.unanswered(db, member) if old else {}
    for key in unanswered.keys() & old.keys():
        old[key] = old[key].arrived(unanswered[key], page.documents[key])
    reader.raw.train(db, [page.payloads[key][1] for key in page.documents])
    turn = reader.turns.take(db) if page.documents else 0
    rows = []
    for key, document in page.documents.items():
        record, (digest, content) = page.records[key], page.payloads[key]
        changed_at = lens.changed_at(record)
        moved_at = widened(changed_at) if changed_at else None
        before, blocked = former.get(key), lock(record, reader.stream.blocked)
        listed = bool(lens.lists) and key in old
        if listed:
            read = reader.standing.edited.get((key, digest), record)
            document = lens.completed(read, document, old[key].holds)
        if blocked is not None:
            held = silenced(old.get(key), document, moved_at, at)
        elif before is not None and before.blocked is not None:
            held = released(old[key], document, moved_at, at, reader.together)
        elif before is not None and before.digest == digest and before.mapping != lens.version:
            read_at = old[key].changed_at or old[key].said_at
            held = remapped(old[key], document, lens, read_at, true=True)
        else:
            held = echo.heard(old.get(key), document, moved_at, at, reader.together)
        moved = before is not None and (before.gone or before.blocked != blocked)
        # What was listed of a record is forgotten as it is read anew: whether an item stays behind in it is asked once more.
        moved |= listed and bool(old[key].echo)
        dirty = int(held.dirty or held.differs or moved)
        token = record.get(version) if version else None
        rows.append((held.id or newid(), *place, key, token, digest, lens.version, *held.row(),
                     *reader.raw.pack(content), "", False, blocked, dirty, turn, reader.run))  # fmt: skip
    _contribution(db, rows)
    if reader.restored:
        named = ((key, lens.made_for(page.records[key])) for key in page.documents if key not in former)
        restored.note(db, member, [(key, profile) for key, profile in named if profile], at)
