"""Which of two answers is the newer one, where several workers ask one system: docs/decisions/0032.

A transaction that stores records of a stream takes the stream's next turn and marks them with it. Who asks the system
notes the last turn before. A record that somebody else stored in a later one may be stored newer than our answer, or
older: nobody can tell, and it is asked for once more. The database counts, so that no machine's clock matters.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from crossroads.plan import Member
from crossroads.store.session import Bulk, Store, chunks, once, table
from crossroads.store.tables import Contribution, Turn

_turn = Bulk(Turn, ("connection", "stream", "number"))


class Turns:
    """The turns of one stream as one attempt sees them."""

    def __init__(self, store: Store, member: Member) -> None:
        self.store, self.place = store, (member.connection, member.stream)
        self.ask()

    def ask(self) -> None:
        """Note the last turn; what was not stored by then is newer than what the system is asked from now on, or overlaps it."""
        self._mine: set[int] = set()
        with self.store.read() as db:
            self._asked = self._last(db)

    def take(self, db: Connection) -> int:
        """Return the turn of this transaction: the next one."""
        turn: int = once(db, ("turn", *self.place), self._next)
        return turn

    def passed(self, turn: int) -> bool:
        """Tell whether a turn came after our question, and was not our own."""
        return turn > self._asked and turn not in self._mine

    def overlapping(self, db: Connection, keys: Sequence[str]) -> set[str]:
        """Return those of the keys whose records somebody else stored since we asked."""
        rows = table(Contribution)
        later = select(rows.c.key, rows.c.turn).where(
            rows.c.connection == self.place[0], rows.c.stream == self.place[1], rows.c.turn > self._asked
        )
        return {
            key
            for some in chunks(keys)
            for key, turn in db.execute(later.where(rows.c.key.in_(some)))
            if self.passed(turn)
        }

    def _next(self, db: Connection) -> int:
        turn = self._last(db) + 1
        _turn(db, [(*self.place, turn)])
        self._mine.add(turn)
        return turn

    def _last(self, db: Connection) -> int:
        rows = table(Turn)
        mine = (rows.c.connection == self.place[0], rows.c.stream == self.place[1])
        return db.execute(select(rows.c.number).where(*mine)).scalar() or 0
