"""Open the store of a home for reading, for the commands that only look."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from crossroads.errors import ConfigError
from crossroads.launch.home import Home
from crossroads.plan import Plan, plans
from crossroads.store import Store


@contextmanager
def reading(home: Home) -> Iterator[tuple[Connection, list[Plan]]]:
    """Yield a connection that reads the store, and the syncs of this home; nothing is created by looking."""
    store = Store(home.database_url)
    file = store.engine.url.database
    if store.engine.dialect.name == "sqlite" and file and not Path(file).exists():
        raise ConfigError(
            f"There is no store yet at {file}: `crossroads up` or `crossroads run all` makes it."
        )
    try:
        with store.read() as db:
            yield db, plans(home.root / "dags" / "syncs")
    except (OperationalError, ProgrammingError) as error:
        # The message of the driver may quote a value; the class says enough.
        raise ConfigError(
            f"The store could not be read ({type(error).__name__}): its tables are of another version, or it is away. "
            "`crossroads check` brings them up to date."
        ) from None
    finally:
        store.close()
