"""Put a doubtful pair to a person: what speaks for one person and against, and what comes of it if they are."""

from typing import NamedTuple

from crossroads.engine import asserting
from crossroads.engine.asserting import SAME, Outcome, Word
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError
from crossroads.identity.evidence import Row
from crossroads.identity.online.doubtful import Doubt, doubtful


class Question(NamedTuple):
    """Two records that may be one person's, what their weight is made of, and what comes of it if they are."""

    doubt: Doubt
    rows: tuple[Row, ...]
    outcome: Outcome

    def __repr__(self) -> str:
        return f"Question({self.doubt.a}, {self.doubt.b})"


def questions(ws: Workspace, limit: int, numbers: tuple[int, int] | None = None) -> list[Question]:
    """Return what a person might be asked, the likeliest pair first; with numbers, about that pair only."""
    with ws.store.read() as db:
        found = doubtful(db, limit, numbers)
        register = ws.register(db)
        rows = [tuple(register.explain(db, doubt.a, doubt.b)) for doubt in found]
    asked = (_question(ws, doubt, why) for doubt, why in zip(found, rows, strict=True))
    return [one for one in asked if one]


def _question(ws: Workspace, doubt: Doubt, rows: tuple[Row, ...]) -> Question | None:
    try:
        return Question(doubt, rows, asserting.shown(ws, Word(doubt.a, doubt.b, SAME, "", "")))
    except ConfigError:  # a record went meanwhile, or no sync names its stream any more
        return None
