"""A query of the org: which fields of which rows, in which order."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.salesforce.schema import Object

Test: TypeAlias = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: which fields of which rows, in which order."""

    kind: Object
    fields: tuple[str, ...]
    test: Test = lambda _: True
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None

    def run(self, rows: list[dict[str, Any]]) -> list[str]:
        """Return the ids of the rows that match, in order."""
        found = [row for row in rows if self.test(row)]
        for name, descending in reversed(self.order):
            found.sort(key=lambda row: (row[name] is not None, row[name] or ""), reverse=descending)
        return [row["Id"] for row in found[: self.limit]]


def instant(text: str) -> str:
    """Return a point of time as the org writes it: whole seconds in UTC, so that ties are ordinary."""
    moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
