"""After a restore: what was to be created at the time of the back-up may have been created since."""

from sqlalchemy import func, text, update

from crossroads import journal
from crossroads.engine.workspace import Workspace
from crossroads.store import newid
from crossroads.store.session import table
from crossroads.store.tables import OPEN_WORDS as OPEN
from crossroads.store.tables import Intent


def restored(ws: Workspace) -> int:
    """Take every create without an outcome for one that may have been done, and return how many those are.

    A back-up does not know what was sent after it. The next push looks each of them up before it sends anything, repeats
    it under its own id where the system recognises that, and asks a person where there is no way to know.
    """
    rows, at = table(Intent), ws.clock()
    with ws.store.write() as db:
        found = db.execute(
            update(rows)
            .where(text(OPEN), rows.c.slot == "")
            .values(
                state="unknown",
                sent_at=at,
                owner=None,
                lease_until=at,
                attempts=func.coalesce(func.nullif(rows.c.attempts, 0), 1),
                fence=rows.c.fence + 1,
            )
        )
        count = int(found.rowcount)
        journal.append(db, [journal.Line("restored", "", {"creates": count})], run=newid(), at=at)
    return count
