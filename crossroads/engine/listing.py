"""What one attempt saw of a whole listing, and whether that was all of it."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from crossroads.records import Batch


class Listing:
    """The keys of a listing from its first page to its last, as eight bytes each.

    One attempt has to see all of it: what a killed attempt saw is seen again, because a listing in two halves with a pause
    between them proves less. Two keys with one mark hide a deletion until the next process looks; they never make one up.
    """

    def __init__(self) -> None:
        self._marks = array("q")
        self._totals: set[int] = set()
        self._ended = False

    def note(self, batch: Batch, keys: Iterable[str]) -> None:
        """Take in one page."""
        self._marks.extend(map(hash, keys))
        self._ended = batch.last
        if batch.total is not None:
            self._totals.add(batch.total)

    def doubt(self) -> str | None:
        """Return why this listing proves nothing about what it does not show, None if it does."""
        self._marks = array("q", sorted(self._marks))
        came = sum(one != other for one, other in pairwise(self._marks)) + bool(self._marks)
        if not self._ended:
            return "the system did not mark its end"
        if len(self._totals) > 1:
            return "the system's own count of it changed on the way"
        if self._totals and came < max(self._totals):
            return f"the system counts {max(self._totals)} records, and {came} came"
        return None

    def __contains__(self, key: str) -> bool:
        """Tell whether a key was listed; ask for the `doubt` first, which sorts."""
        mark = hash(key)
        place = bisect_left(self._marks, mark)
        return place < len(self._marks) and self._marks[place] == mark
