"""How each record of a step ended: exactly once a run, however many attempts and however often it is met."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import orjson
import zstandard
from sqlalchemy import Connection, func, select

from crossroads.store.session import table
from crossroads.store.tables import Page

OUTCOMES = ("applied", "unchanged", "parked", "withheld", "rejected", "superseded")
"""What may become of a record that enters a step; for a write, *applied* means written."""

_pack = zstandard.ZstdCompressor(level=1).compress
_unpack = zstandard.ZstdDecompressor().decompress
_ENTERED = "entered"


class Outcomes:
    """Which records entered one step of one member, and how they ended, page by page.

    The two are counted apart, so that a record which was forgotten on the way shows in the sums.
    """

    def __init__(self, run: str, step: str, member: str) -> None:
        self.run, self.step, self.member, self.seq = run, step, member, 0
        self.counts: Counter[str] = Counter()
        # One dictionary for both, or a million records would take a hundred megabytes more.
        self._ended: dict[int, str | None] = {}

    @classmethod
    def load(cls, db: Connection, run: str, step: str, member: str) -> "Outcomes":
        """Return the outcomes so far, those of killed attempts included."""
        found = cls(run, step, member)
        found._catch_up(db)
        return found

    def add(self, db: Connection, entered: Iterable[str], ended: Mapping[str, str]) -> None:
        """Store which records entered the step and how records ended, in the caller's transaction."""
        self._catch_up(db)
        fresh = self._enter(entered)
        news = self._end(ended)
        by_outcome: dict[str, list[str]] = {}
        for name, outcome in news.items():
            by_outcome.setdefault(outcome, []).append(name)
        if waiting := [name for name in fresh if name not in news]:
            by_outcome[_ENTERED] = waiting
        if by_outcome:
            page = {"run": self.run, "step": self.step, "member": self.member, "seq": self.seq}
            content = _pack(orjson.dumps(by_outcome))
            db.execute(table(Page).insert().values(**page, entered=len(fresh), outcomes=content))
            self.seq += 1

    def unaccounted(self, db: Connection) -> list[str]:
        """Return the records that entered and have not ended yet."""
        found: dict[str, bool] = {}
        for page in _pages(db, self.run, self.step, self.member):
            for outcome, names in page.items():
                for name in names:
                    found[name] = outcome != _ENTERED or found.get(name, False)
        return [name for name, done in found.items() if not done]

    def _catch_up(self, db: Connection) -> None:
        """Take in what another attempt stored meanwhile: two may live at once, and a record counts once."""
        for page in _pages(db, self.run, self.step, self.member, self.seq):
            self._enter(name for names in page.values() for name in names)
            self._end(
                {name: outcome for outcome, names in page.items() if outcome != _ENTERED for name in names}
            )
            self.seq += 1

    def _enter(self, names: Iterable[str]) -> list[str]:
        """Return the names that were not there before in this run."""
        fresh = []
        for name in names:
            mark = hash(name)
            if mark not in self._ended:
                self._ended[mark] = None
                fresh.append(name)
        return fresh

    def _end(self, ended: Mapping[str, str]) -> dict[str, str]:
        """Count each record once: met again unchanged it keeps its outcome, met again changed it gets the new one."""
        news = {}
        for name, outcome in ended.items():
            mark = hash(name)
            before = self._ended.get(mark)
            if before is None or (before != outcome and outcome != "unchanged"):
                if before is not None:
                    self.counts[before] -= 1
                self.counts[outcome] += 1
                self._ended[mark] = outcome
                news[name] = outcome
        return news


def _pages(
    db: Connection, run: str, step: str, member: str, start: int = 0
) -> Iterator[dict[str, list[str]]]:
    rows = table(Page)
    mine = (rows.c.run == run) & (rows.c.step == step) & (rows.c.member == member) & (rows.c.seq >= start)
    for (content,) in db.execute(select(rows.c.outcomes).where(mine).order_by(rows.c.seq)):
        page: dict[str, list[str]] = orjson.loads(_unpack(content))
        yield page


def ended(db: Connection, run: str, step: str, member: str) -> dict[str, str]:
    """Return how each record ended; a later page has the last word."""
    found: dict[str, str] = {}
    for page in _pages(db, run, step, member):
        for outcome, names in page.items():
            if outcome != _ENTERED:
                found.update(dict.fromkeys(names, outcome))
    return found


def entered(db: Connection, run: str, step: str, member: str) -> int:
    """Return how many records entered a step."""
    rows = table(Page)
    mine = (rows.c.run == run) & (rows.c.step == step) & (rows.c.member == member)
    return int(db.execute(select(func.coalesce(func.sum(rows.c.entered), 0)).where(mine)).scalar_one())


def sums(read: int, outcomes: Iterable[str]) -> dict[str, int]:
    """Return how many records entered and how many ended each way.

    >>> sums(2, ["applied", "applied"])["applied"]
    2
    """
    counts = Counter(outcomes)
    return {"read": read, **{outcome: counts[outcome] for outcome in OUTCOMES}}
