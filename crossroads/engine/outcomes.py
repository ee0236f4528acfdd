"""How each record of a step ended: exactly once a run, however many attempts and however often it is met."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, select

from crossroads.store.session import Bulk, table
from crossroads.store.tables import Page

OUTCOMES = ("applied", "unchanged", "parked", "withheld", "rejected", "superseded")
"""What may become of a record that enters a step; for a write, *applied* means written."""

_insert = Bulk(Page, ("run", "step", "member", "seq", "outcomes"), update=())
_pack = zstandard.ZstdCompressor(level=1).compress
_unpack = zstandard.ZstdDecompressor().decompress


class Outcomes:
    """The outcomes of one step of one member, page by page."""

    def __init__(self, run: str, step: str, member: str, pages: list[dict[str, list[str]]]) -> None:
        self.run, self.step, self.member, self.seq = run, step, member, len(pages)
        self.counts: Counter[str] = Counter()
        self._seen: dict[int, str] = {}
        for page in pages:
            self._count({key: outcome for outcome, keys in page.items() for key in keys})

    @classmethod
    def load(cls, db: Connection, run: str, step: str, member: str) -> "Outcomes":
        """Return the outcomes so far, those of killed attempts included."""
        return cls(run, step, member, list(pages(db, run, step, member)))

    def add(self, db: Connection, ended: Mapping[str, str]) -> None:
        """Store how the records of one page ended, in the caller's transaction."""
        news = self._count(ended)
        if news:
            by_outcome: dict[str, list[str]] = {}
            for key, outcome in news.items():
                by_outcome.setdefault(outcome, []).append(key)
            _insert(db, [(self.run, self.step, self.member, self.seq, _pack(orjson.dumps(by_outcome)))])
            self.seq += 1

    def _count(self, ended: Mapping[str, str]) -> dict[str, str]:
        """Count each record once: met again unchanged it keeps its outcome, met again changed it gets the new one."""
        news = {}
        for key, outcome in ended.items():
            mark = hash(key)
            before = self._seen.get(mark)
            if before is None or (before != outcome and outcome != "unchanged"):
                if before is not None:
                    self.counts[before] -= 1
                self.counts[outcome] += 1
                self._seen[mark] = outcome
                news[key] = outcome
        return news


def pages(db: Connection, run: str, step: str, member: str) -> Iterator[dict[str, list[str]]]:
    """Yield the stored pages in order, each outcome -> keys."""
    rows = table(Page)
    mine = (rows.c.run == run) & (rows.c.step == step) & (rows.c.member == member)
    for (content,) in db.execute(select(rows.c.outcomes).where(mine).order_by(rows.c.seq)):
        page: dict[str, list[str]] = orjson.loads(_unpack(content))
        yield page


def ended(db: Connection, run: str, step: str, member: str) -> dict[str, str]:
    """Return how each record ended; a later page has the last word."""
    found: dict[str, str] = {}
    for page in pages(db, run, step, member):
        for outcome, keys in page.items():
            found.update(dict.fromkeys(keys, outcome))
    return found


def sums(counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the counts of every outcome and what they add up to.

    >>> sums({"applied": 2})["read"]
    2
    """
    known = {outcome: counts.get(outcome, 0) for outcome in OUTCOMES}
    return {"read": sum(known.values()), **known}
