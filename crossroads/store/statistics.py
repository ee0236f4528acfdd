"""What SQLite is told of how a large store looks, so that it finds its way in one: it counts nothing by itself.

Without it, SQLite takes the few columns by which an index narrows least, such as the stream, for the best there are, and walks
through all records of a stream for every five hundred that are asked for.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from crossroads.store.tables import Run

ROWS = 1_000_000
"""Rows of a table: as many as it may have, for in a small one every way is short."""

OPEN = 100_000
"""Rows of an index that has only some: what is open, what is new."""

FEW = {
    "connection": 5,
    "stream": 2,
    "entity": 3,
    "state": 4,
    "step": 3,
    "kind": 4,
    "reason": 4,
    "dirty": 1,
    "run": 1_000,
    "sync": 3,
}
"""How many values a column has that has few."""

ALIKE = 3
"""Rows that have the same value of any other column: the records of a person, the writes of a profile."""


def tell(connection: Connection) -> None:
    """Note it of every index of which nothing is noted; what somebody had counted stays (`ANALYZE` counts)."""
    connection.exec_driver_sql(
        "ANALYZE sqlite_schema"
    )  # makes the table that the notes are in, and counts nothing
    known = set(connection.execute(text("SELECT idx FROM sqlite_stat1")).scalars())
    told = [
        {"tbl": table, "idx": index, "stat": stat}
        for table, index, stat in _indexes(connection)
        if index not in known
    ]
    if told:
        connection.execute(text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"), told)
        connection.exec_driver_sql("ANALYZE sqlite_schema")  # reads them; later connections do when they open


def _indexes(connection: Connection) -> Iterator[tuple[str, str, str]]:
    for table in sorted(Run.metadata.tables):
        for _, index, unique, _, partial in connection.exec_driver_sql(f'PRAGMA index_list("{table}")').all():
            columns = [name for _, _, name in connection.exec_driver_sql(f'PRAGMA index_info("{index}")')]
            yield table, index, stat(columns, unique=bool(unique), partial=bool(partial))


def stat(columns: list[str], *, unique: bool, partial: bool = False) -> str:
    """Return how many rows there are, and how many have the same first column, the same first two, and so on.

    >>> stat(["connection", "stream", "key"], unique=True), stat(["profile"], unique=False)
    ('1000000 200000 100000 1', '1000000 3')
    """
    rows = OPEN if partial else ROWS
    told = [rows]
    for name in columns:
        rows = max(rows // FEW[name], ALIKE) if name in FEW else min(rows, ALIKE)
        told.append(rows)
    if unique:
        told[-1] = 1
    return " ".join(map(str, told))
