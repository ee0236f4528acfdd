"""Statements about many values at once: find the rows that have one of them, or delete rows by their keys."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlmodel import SQLModel

from crossroads.store.bulk import arrays, quoted, send, table


class Lookup:
    """One query for the rows of which one of the columns `by` has one of many values; returns columns as tuples, in no order.

    One text and one parameter however many values: a parameter each would cost more to write down than to look up. A row that
    has such values in two columns comes twice. Of rows that share what is in the columns `within`, only those are found that
    have the given values there. A truth value comes as the driver has it, 0 or 1 on SQLite.
    """

    def __init__(
        self, model: type[SQLModel], columns: Sequence[str], *by: str, within: Sequence[str] = ()
    ) -> None:
        self.table, self.columns, self.by, self.within = table(model), tuple(columns), by, tuple(within)
        self._compiled = lru_cache(self._compile)

    def __call__(self, connection: Connection, values: Collection[Any], *within: str) -> Sequence[Any]:
        """Return the rows."""
        if not values:
            return []
        sqlite = connection.dialect.name == "sqlite"
        asked = orjson.dumps(sorted(values)).decode() if sqlite else sorted(values)
        # By the driver itself: what SQLAlchemy makes of an answer costs several times the query.
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._compiled(connection.dialect.name), (*within, asked) * len(self.by))
            return cursor.fetchall()
        finally:
            cursor.close()

    def _compile(self, dialect: str) -> str:
        found = f'SELECT {quoted(self.columns)} FROM "{self.table.name}"'  # noqa: S608
        mark = "?" if dialect == "sqlite" else "%s"
        here = "".join(f'"{name}" = {mark} AND ' for name in self.within)
        parts = []
        for name in self.by:
            among = (
                "json_each(?)" if dialect == "sqlite" else f"{arrays(self.table, [name])} AS asked (value)"
            )
            parts.append(f'{found} WHERE {here}"{name}" IN (SELECT value FROM {among})')  # noqa: S608
        return " UNION ALL ".join(parts)


class Delete:
    """One statement that deletes many rows: tuples of the values of some columns."""

    def __init__(self, model: type[SQLModel], columns: Sequence[str]) -> None:
        self.table, self.columns = table(model), tuple(columns)
        self._compiled = lru_cache(self._compile)

    def __call__(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Delete the rows."""
        if not rows:
            return
        send(connection, self._compiled(connection.dialect.name), rows)

    def _compile(self, dialect: str) -> str:
        name = self.table.name
        if dialect == "sqlite":
            same = " AND ".join(f'"{column}" = ?' for column in self.columns)
            return f'DELETE FROM "{name}" WHERE {same}'  # noqa: S608
        same = " AND ".join(f'"{name}"."{column}" = gone."{column}"' for column in self.columns)
        return (
            f'DELETE FROM "{name}" USING {arrays(self.table, self.columns)} AS gone ({quoted(self.columns)}) '  # noqa: S608
            f"WHERE {same}"
        )
