"""The small database in which all workers count: calls to each system, and how that system fares.

It lies beside the store, not inside it: SQLite has one writer at a time, and who waits for a call must not
wait behind a page. It holds no name, no address and no secret, and may be deleted at any time: what is lost is
what was counted in the running windows.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.pool import StaticPool

IN_MEMORY = "sqlite://"
_LOCK = 7_305_102  # any number, the same in every process

_metadata = MetaData()

SYSTEMS = Table(
    "call_system",
    _metadata,
    Column("name", String, primary_key=True),  # a digest of the address and the user
    Column("title", String, nullable=False),  # system and host, for people
    Column("last", Integer, nullable=False),  # the number of the last ticket
    Column("paused_until", Float, nullable=False),  # what the system itself asked for
    Column("failures", Integer, nullable=False),  # in a row
    Column("failed_at", Float, nullable=False),
    Column("opened_at", Float, nullable=False),  # 0: the breaker is closed
    Column("opened", Integer, nullable=False),  # times in a row
    Column("open_until", Float, nullable=False),
    Column("probe_until", Float, nullable=False),  # one call is trying whether the system is back
)
TICKETS = Table(
    "call_ticket",
    _metadata,
    Column("name", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),  # when the call may leave
)


class Counters:
    """One connection's way to the counters; every process at the same address sees the same.

    `clock` holds time still for tests. Without it, PostgreSQL's own clock counts, because workers on several
    machines have several; beside SQLite there is one machine.
    """

    def __init__(self, url: str = IN_MEMORY, *, clock: Callable[[], float] | None = None) -> None:
        self.engine = _engine(url)
        self.postgres = self.engine.dialect.name == "postgresql"
        self._clock = clock if clock or self.postgres else time.time
        # One connection for all threads, which must take turns.
        self._turn: Any = threading.Lock() if url == IN_MEMORY else nullcontext()
        self._ready = threading.Lock()
        self._made = False

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection inside one short transaction."""
        self._make()
        with self._turn, self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that takes no lock."""
        self._make()
        with self._turn, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def now(self, connection: Connection) -> float:
        """Return the seconds since 1970 by the clock all workers share."""
        if self._clock:
            return self._clock()
        # Not `now()`: that one stands still during a transaction, however long it waited for its lock.
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()

    def _make(self) -> None:
        if self._made:
            return
        with self._ready, self._turn, self.engine.begin() as connection:
            if self.postgres:  # two processes that create a table at once would meet
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            _metadata.create_all(connection)
        self._made = True


def beside(store: str) -> str:
    """Return where calls are counted for a store: in a file beside SQLite, else in the same database.

    >>> beside("sqlite:////srv/var/crossroads.db")
    'sqlite:////srv/var/crossroads.calls.db'
    """
    named = os.environ.get("CROSSROADS_BUDGET_URL")
    if named:
        return named
    url = make_url(store)
    if url.get_backend_name() != "sqlite":
        return store
    if not url.database or url.database == ":memory:":
        return IN_MEMORY
    stem = url.database.removesuffix(".db")
    return url.set(database=f"{stem}.calls.db").render_as_string(hide_password=False)


def _engine(url: str) -> Engine:
    if url == IN_MEMORY:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        _tune(engine)
    else:
        event.listen(engine, "connect", _unhurried)
    return engine


def _tune(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def settings(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=60000"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _unhurried(raw: Any, _record: Any) -> None:
    """Let a commit not wait for the disk: a count that a crash of the database forgets harms nobody."""
    with raw.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    raw.commit()
