"""Open the store: an engine, short read and write transactions, and statements for many rows at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlmodel import SQLModel


class Store:
    """A database of our own; never Airflow's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            _tune(self.engine)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection inside one transaction that commits at the end or leaves nothing behind."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection for reading; it takes no lock that a writer waits for."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()


def _tune(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def settings(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=60000", "cache_size=-65536"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            # A deferred transaction that reads first and writes later fails with "database is locked" beside
            # another writer.
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def table(model: type[SQLModel]) -> Table:
    """Return the Core table behind a model."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


class Bulk:
    """One statement for many rows: rows as tuples in the order of `columns`, upserted on the primary key or on `conflict`.

    Compiled once a dialect and handed to the driver as it is; the per-row work of the ORM or of Core would
    cost more than the insert.
    """

    def __init__(
        self,
        model: type[SQLModel],
        columns: Sequence[str],
        *,
        conflict: Sequence[str] = (),
        update: Sequence[str] | None = None,
    ) -> None:
        self.table = table(model)
        self.columns = tuple(columns)
        self.conflict = tuple(conflict) or tuple(c.name for c in self.table.primary_key)
        self.update = (
            tuple(c for c in self.columns if c not in self.conflict) if update is None else tuple(update)
        )
        self._compiled = lru_cache(self._compile)

    def __call__(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write the rows."""
        if not rows:
            return
        sql, named = self._compiled(connection.dialect.name)
        if named:
            connection.exec_driver_sql(sql, [dict(zip(named, row, strict=True)) for row in rows])
        else:
            connection.exec_driver_sql(sql, [tuple(row) for row in rows])

    def _compile(self, dialect: str) -> tuple[str, tuple[str, ...]]:
        # Quoted, because a column may be called as a word of SQL: `full` is one on PostgreSQL.
        names, conflict = _quoted(self.columns), _quoted(self.conflict)
        marks = ", ".join("?" if dialect == "sqlite" else f"%({c})s" for c in self.columns)
        verb = ", ".join(f'"{c}" = excluded."{c}"' for c in self.update)
        action = f"DO UPDATE SET {verb}" if self.update else "DO NOTHING"
        sql = (
            f'INSERT INTO "{self.table.name}" ({names}) VALUES '  # noqa: S608 - names of our own tables only
            f"({marks}) ON CONFLICT ({conflict}) {action}"
        )
        return sql, () if dialect == "sqlite" else self.columns


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def chunks(values: Sequence[Any], size: int = 2000) -> Iterator[Sequence[Any]]:
    """Yield the values in pieces that fit a database's limit of parameters."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
