"""A copy of the store as it is at one moment: whatever is done in it, the store itself knows nothing of."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from crossroads.store.session import Bulk, Store

ROWS = 2000


@contextmanager
def copied(store: Store) -> Iterator[Store]:
    """Yield a copy in SQLite, in a folder that only we may enter and that is gone at the end (`TMPDIR` says where)."""
    with TemporaryDirectory(prefix="crossroads-copy-") as folder:
        copy = Store(f"sqlite:///{Path(folder) / 'store.db'}")
        try:
            if store.engine.dialect.name == "sqlite":
                _backed_up(store, copy)
            else:
                # All tables as of one instant, while syncs go on beside.
                with store.engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
                    carried(db, copy)
            yield copy
        finally:
            copy.close()


def _backed_up(store: Store, copy: Store) -> None:
    with closing(store.engine.raw_connection()) as whole, closing(copy.engine.raw_connection()) as into:
        target: Any = into.driver_connection
        source: Any = whole.driver_connection
        source.backup(target)  # takes no lock that a writer waits for


def carried(db: Connection, copy: Store) -> None:
    """Carry every row of every table over, whatever database they come from."""
    SQLModel.metadata.create_all(copy.engine)
    for model in _models(SQLModel):
        rows = model.__table__  # type: ignore[attr-defined]
        insert = Bulk(model, [column.name for column in rows.columns], update=())
        found = db.execution_options(stream_results=True, yield_per=ROWS).execute(select(rows))
        for some in found.partitions(ROWS):
            with copy.write() as into:
                insert(into, some)


def _models(parent: type[SQLModel]) -> Iterator[type[SQLModel]]:
    for model in parent.__subclasses__():
        if hasattr(model, "__table__"):
            yield model
        yield from _models(model)
