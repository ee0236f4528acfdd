"""Statements for many rows at once."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


def table(model: type[SQLModel]) -> Table:
    """Return the Core table behind a model."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


class Bulk:
    """One statement for many rows: rows as tuples in the order of `columns`, upserted on the primary key or on `conflict`.

    Compiled once a dialect and handed to the driver as it is; the per-row work of the ORM or of Core would
    cost more than the insert. PostgreSQL gets one array a column: one round trip and one text, however many
    rows. `strict` fails where a row is there already.
    """

    def __init__(
        self,
        model: type[SQLModel],
        columns: Sequence[str],
        *,
        conflict: Sequence[str] = (),
        update: Sequence[str] | None = None,
        strict: bool = False,
    ) -> None:
        self.strict = strict
        self.table = table(model)
        self.columns = tuple(columns)
        self.conflict = tuple(conflict) or tuple(c.name for c in self.table.primary_key)
        self.update = (
            tuple(c for c in self.columns if c not in self.conflict) if update is None else tuple(update)
        )
        self._identity = itemgetter(*(self.columns.index(name) for name in self.conflict))
        self._compiled = lru_cache(self._compile)

    def __call__(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write the rows; of two with one identity the later one counts."""
        if not rows:
            return
        if connection.dialect.name != "sqlite":
            # PostgreSQL refuses two rows with one identity in one statement.
            rows = list({self._identity(row): row for row in rows}.values())
        send(connection, self._compiled(connection.dialect.name), rows)

    def _compile(self, dialect: str) -> str:
        # Quoted, because a column may be called as a word of SQL: `full` is one on PostgreSQL.
        names, conflict = quoted(self.columns), quoted(self.conflict)
        verb = ", ".join(f'"{c}" = excluded."{c}"' for c in self.update)
        action = f"DO UPDATE SET {verb}" if self.update else "DO NOTHING"
        if dialect == "sqlite":
            rows = f"VALUES ({', '.join('?' * len(self.columns))})"
        else:
            rows = f"SELECT * FROM {arrays(self.table, self.columns)}"  # noqa: S608
        found = "" if self.strict else f" ON CONFLICT ({conflict}) {action}"
        return f'INSERT INTO "{self.table.name}" ({names}) {rows}{found}'


class Update:
    """One statement that changes many rows: rows as tuples of the new values and, last, the primary key's value."""

    def __init__(self, model: type[SQLModel], columns: Sequence[str], **fixed: int) -> None:
        self.table, self.columns, self.fixed = table(model), tuple(columns), fixed
        (self.key,) = (column.name for column in self.table.primary_key)
        self._compiled = lru_cache(self._compile)

    def __call__(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Change the rows."""
        if not rows:
            return
        send(connection, self._compiled(connection.dialect.name), rows)

    def _compile(self, dialect: str) -> str:
        fixed = [f'"{name}" = {value}' for name, value in self.fixed.items()]
        if dialect == "sqlite":
            values = ", ".join(fixed + [f'"{name}" = ?' for name in self.columns])
            return f'UPDATE "{self.table.name}" SET {values} WHERE "{self.key}" = ?'  # noqa: S608
        values = ", ".join(fixed + [f'"{name}" = new."{name}"' for name in self.columns])
        names = (*self.columns, self.key)
        return (
            f'UPDATE "{self.table.name}" SET {values} FROM {arrays(self.table, names)} '  # noqa: S608
            f'AS new ({quoted(names)}) WHERE "{self.table.name}"."{self.key}" = new."{self.key}"'
        )


def arrays(of: Table, names: Sequence[str]) -> str:
    """Return the rows of a statement as PostgreSQL takes them: an array a column, in the binary format."""
    kinds = [of.c[name].type.compile(_POSTGRESQL) for name in names]
    return f"unnest({', '.join(f'%b::{kind}[]' for kind in kinds)})"


def send(connection: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute one statement for many rows: SQLite takes them row by row, PostgreSQL as one list a column."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(sql, [tuple(row) for row in rows])
    else:
        connection.exec_driver_sql(sql, tuple(list(column) for column in zip(*rows, strict=True)))


def quoted(names: Sequence[str]) -> str:
    """Return the names of columns as a statement has them."""
    return ", ".join(f'"{name}"' for name in names)


def chunks(values: Sequence[Any], size: int = 2000) -> Iterator[Sequence[Any]]:
    """Yield the values in pieces that fit a database's limit of parameters."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
