"""Open the store: an engine, and short read and write transactions."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from crossroads.errors import ConfigError
from crossroads.store.bulk import Bulk, Update, chunks, table
from crossroads.store.lookup import Delete, Lookup
from crossroads.store.scopes import Scope, enter

__all__ = ["Bulk", "Delete", "Lookup", "Store", "Update", "chunks", "late", "once", "table"]

_LATE, _ONCE = "crossroads.late", "crossroads.once"


class Store:
    """A database of our own; never Airflow's."""

    def __init__(self, url: str) -> None:
        self.url = url
        place = make_url(url)
        if place.drivername in ("postgresql", "postgres"):
            place = place.set(drivername="postgresql+psycopg")
        # Parameters are what the records say, and an error is logged.
        options: dict[str, Any] = {"hide_parameters": True}
        if place.get_backend_name() == "postgresql":
            # A transaction sees what others committed before each of its statements, as its scopes need it.
            options |= {"isolation_level": "READ COMMITTED", "pool_pre_ping": True}
        try:
            self.engine = create_engine(place, **options)
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"CROSSROADS_DATABASE_URL needs {error.name}: install crossroads with its extra `postgres`."
            ) from None
        if self.engine.dialect.name == "sqlite":
            _tune(self.engine)

    @contextmanager
    def write(self, *scopes: Scope) -> Iterator[Connection]:
        """Yield a connection inside one transaction that commits at the end or leaves nothing behind.

        It is alone in its `scopes`, and in the whole store if it names none. Never begin one inside another.
        """
        with self.engine.begin() as connection:
            works: dict[str, list[Any]] = {}
            connection.info[_LATE], connection.info[_ONCE] = works, {}
            enter(connection, scopes)
            yield connection
            for work in works.values():
                work[0](connection, work[1:])

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection for reading; it takes no lock that a writer waits for."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()


def late(connection: Connection, name: str, work: Callable[[Connection, list[Any]], None], item: Any) -> None:
    """Keep an item for `work`, which gets all of that name right before the transaction commits."""
    connection.info[_LATE].setdefault(name, [work]).append(item)


def once(connection: Connection, name: Hashable, work: Callable[[Connection], Any]) -> Any:
    """Return what `work` returned when it was first asked for under that name in this transaction."""
    known = connection.info[_ONCE]
    if name not in known:
        known[name] = work(connection)
    return known[name]


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
