"""Bring the tables of a store up to the newest schema."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from crossroads.errors import ConfigError
from crossroads.store import statistics
from crossroads.store.session import Store
from crossroads.store.tables import Run

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 7_305_101  # any number, the same in every process


def migrate(url: str) -> None:
    """Upgrade the store at `url` to the newest schema; one that is there already is left as it is.

    All of it is one transaction: killed halfway, it leaves the store as it was, and of two processes that
    start at once the second waits and finds nothing to do.
    """
    store = Store(url)
    try:
        with _quiet(), store.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            _upgrade(connection)
            if connection.dialect.name == "postgresql":
                _order_by_bytes(connection)
            else:
                statistics.tell(connection)
    finally:
        store.close()


def _upgrade(connection: Connection) -> None:
    # Alembic takes a third of a second to import, and everything that opens the store imports this package.
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(config(connection), "head")
    except CommandError as error:
        raise ConfigError(
            f"This version does not know the store's schema ({error}): a newer Crossroads made it, "
            "or CROSSROADS_DATABASE_URL names another program's database."
        ) from None


def _order_by_bytes(connection: Connection) -> None:
    """Let text be compared byte by byte, as SQLite and Python do, whatever the language of the database.

    Times are text, pages of keys are walked through in order, and what is sorted here is compared with what was sorted
    there. Here, and not in each revision, because none must forget it.
    """
    query = text(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name = ANY(:ours) AND data_type IN ('character varying', 'text') "
        "AND collation_name IS DISTINCT FROM 'C' ORDER BY 1, 2"
    )
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(query, {"ours": list(Run.metadata.tables)}):
        columns.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE VARCHAR COLLATE "C"')
    for table, changes in columns.items():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {", ".join(changes)}')


def config(connection: Connection | None = None) -> "Config":
    """Return what Alembic works with: our revisions and, unless only SQL is wanted, a connection."""
    from alembic.config import Config

    found = Config()
    # A percent sign in a path would be taken for an interpolation.
    folder = str(Path(__file__).parent / "migrations")
    found.set_main_option("script_location", folder.replace("%", "%%"))
    found.attributes["connection"] = connection
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Alembic's notes on each step out of the log, whatever level the program logs at."""
    log = logging.getLogger("alembic")
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)
