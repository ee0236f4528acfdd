"""Paging by keys instead of positions: nothing is lost or doubled when records come and go meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crossroads.protocols.answers import Answer
from crossroads.protocols.paging import Records, Step, place


@dataclass(frozen=True, slots=True)
class Keyset:
    """Ask for what comes after the last record: `after` makes its parameters; a short page is the last."""

    limit: int
    after: Callable[[Mapping[str, Any]], Mapping[str, Any]]

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Ask for the keys behind the last one."""
        if len(records) < self.limit:
            return None
        return Step(asked.path, {**(asked.params or {}), **self.after(records[-1])})

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """Only an empty page proves that nothing lies behind the last key: servers cut pages as they like."""
        return not records


@dataclass(frozen=True, slots=True)
class IdDescending:
    """Newest first, downwards by id, until a known id or an empty page (Discourse `posts.json?before=`).

    Ids are compared as numbers, however they are written. The page that reaches `known` may hold known
    records: `fresh` leaves them out.
    """

    key: str = "id"
    param: str = "before"
    known: str | int | None = None

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Ask for what is older than this page, if the known id is not reached."""
        if not records or len(self.fresh(records)) < len(records):
            return None
        lowest = min(int(record[self.key]) for record in records)
        return Step(asked.path, {**(asked.params or {}), self.param: str(lowest)})

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """An empty page is below the oldest record."""
        return not records

    def fresh(self, records: Records) -> Records:
        """Return the records of a page that are newer than the known id."""
        if self.known is None:
            return records
        return [record for record in records if int(record[self.key]) > int(self.known)]


@dataclass(frozen=True, slots=True)
class Connection:
    """A GraphQL connection: `pageInfo` beside the nodes; the end cursor becomes the variable `param`."""

    at: str
    param: str = "after"

    def next(self, asked: Step, answer: Answer, records: Records) -> Step | None:
        """Ask for what comes after the end cursor."""
        if not place(answer.body, f"{self.at}.pageInfo.hasNextPage"):
            return None
        after = place(answer.body, f"{self.at}.pageInfo.endCursor")
        return Step(asked.path, {**(asked.params or {}), self.param: after})

    def ended(self, asked: Step, answer: Answer, records: Records) -> bool:
        """`hasNextPage` is false; if it is missing, nothing is said."""
        return place(answer.body, f"{self.at}.pageInfo.hasNextPage") is False
