"""Hold who is who in the store against one comparison of everybody at once; the store stays as it is."""

from typing import NamedTuple

from sqlalchemy import func, select, text

from crossroads.engine.adopting import strangers
from crossroads.engine.persons import PERSONS
from crossroads.engine.workspace import Workspace
from crossroads.identity.online.auditing import Audited, audited
from crossroads.store.copy import copied
from crossroads.store.session import table
from crossroads.store.tables import Contribution


class Audit(NamedTuple):
    """What differs from the batch, the profiles that are not one person's records, and how many records were not compared yet."""

    model: str
    found: Audited
    torn: int
    waiting: int

    @property
    def agrees(self) -> bool:
        """Tell whether the store is as one comparison of everybody at once has it."""
        return not (self.found.pairs or self.found.joined or self.found.parted or self.torn)


def audit(ws: Workspace) -> Audit:
    """Compare all customers' records at once by the model in use, as of one instant."""
    rows = table(Contribution)
    waiting = select(func.count()).where(rows.c.entity == PERSONS, text("dirty > 0"))
    with copied(ws.store) as copy, copy.read() as db:
        model = ws.register(db).model
        unlike = {profile for _, profile, _ in strangers(db)}
        return Audit(model.version, audited(db, model), len(unlike), db.execute(waiting).scalar_one())
