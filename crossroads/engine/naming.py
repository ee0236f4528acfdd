"""Who names whom: an order is planned anew when its customer is somebody else, or comes to be where it is written.

What names a record says its address, and in a target the key of whoever that record is by now. So a merge, an unmerge, a record
made or deleted changes what others should say, though nothing of theirs was touched.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.engine.due import note_due
from crossroads.engine.workspace import Workspace
from crossroads.store import newid
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Contribution, Link, Naming, Renamed

_naming = Bulk(Naming, ("address", "profile", "entity"), update=())
_renamed = Bulk(Renamed, ("id", "entity", "profile"), update=())


def keep(db: Connection, ws: Workspace, entity: str, golden: Mapping[str, Document]) -> None:
    """Note which records golden documents name. What they named before stays noted: planned once more, they say the same."""
    paths = {path for m in ws.members(entity) for path in ws.lens(m.connection, m.stream).references}
    if paths:
        named = ((document.get(path), profile) for profile, document in golden.items() for path in paths)
        _naming(db, [(address, profile, entity) for address, profile in named if address])


def note(db: Connection, profiles: Collection[str]) -> None:
    """Note who names a record of these profiles, which became theirs or ceased to be; `recall` has them planned anew.

    A note has an id of its own: one that is written while others are worked off is not lost with them.
    """
    naming, rows, link = table(Naming), table(Contribution), table(Link)
    if not profiles or db.execute(select(naming.c.profile).limit(1)).first() is None:
        return
    found: set[tuple[str, str]] = set()
    place = select(rows.c.connection, rows.c.stream, rows.c.key).join(link, link.c.contribution == rows.c.id)
    for some in chunks(sorted(profiles)):
        addresses = ["/".join(row) for row in db.execute(place.where(link.c.profile.in_(some)))]
        query = select(naming.c.entity, naming.c.profile).distinct()
        for those in chunks(addresses):
            found |= {
                (row.entity, row.profile) for row in db.execute(query.where(naming.c.address.in_(those)))
            }
    _renamed(db, [(newid(), entity, profile) for entity, profile in sorted(found)])


def recall(db: Connection, ws: Workspace, entity: str) -> None:
    """Have planned anew what names somebody who is another, or elsewhere, since."""
    rows = table(Renamed)
    found = db.execute(select(rows.c.id, rows.c.profile).where(rows.c.entity == entity)).all()
    if found:
        places = [(m.connection, m.stream) for m in ws.members(entity) if m.write]
        note_due(
            db, [(*place, profile) for place in places for profile in sorted({row.profile for row in found})]
        )
        for some in chunks([row.id for row in found]):
            db.execute(rows.delete().where(rows.c.id.in_(some)))
