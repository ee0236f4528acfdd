"""Many records at once, with all that each says and said, in tables beside Splink's: `told` and `own`.

`told` has a row a record: its number, its address, its statements as text, and what of them is nobody's own. Numbers are those
that an empty store gives: a place and one. Splink has levels for what most records say. Organisations, records that say and said
several things, and pairs that share a key which their mappings declare have rules of their own: `own` has the pairs of numbers
that are for our own scorer.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import pyarrow as pa

from crossroads.identity.blocking import LIMIT
from crossroads.identity.levels import Nicknames
from crossroads.identity.model import Model
from crossroads.identity.online.blocks import SIGN, keys_of
from crossroads.identity.online.nodes import BITS, Node
from crossroads.identity.person import COLUMNS, OWNED, Person, Said
from crossroads.identity.population import PER_STEP, Population
from crossroads.identity.said import read, written

_TABLES = """
    CREATE TABLE statements (id VARCHAR, text VARCHAR);
    CREATE TABLE owned (id VARCHAR, bit BIGINT, field VARCHAR, value VARCHAR);
    CREATE TABLE declared (id VARCHAR, key VARCHAR);
    CREATE TABLE aside (id VARCHAR)
"""


@contextmanager
def everybody(
    records: Iterable[tuple[str, Said]],
    nicknames: Nicknames,
    model: Model | None = None,
    *,
    others: Sequence[str] = (),
) -> Iterator[Population]:
    """Yield a population of records by their addresses; a model knows further values that are nobody's own."""
    with Population(others, nicknames) as people:
        people.db.execute(_TABLES)
        blank, left = Person(others=(None,) * len(others)), iter(records)
        while some := list(islice(left, PER_STEP)):
            _take(people, some, blank)
        _hide(people, model)
        people.close(model)
        _arrange(people)
        yield people


def by_number(people: Population, numbers: Iterable[int]) -> dict[int, Node]:
    """Return records by their numbers; nobody's person is known yet."""
    people.db.register("wanted", pa.table({"number": pa.array(sorted(numbers), pa.int64())}))
    rows = people.db.execute("SELECT number, id, text, hidden FROM told SEMI JOIN wanted USING (number)")
    found = {mine: Node(mine, name, read(text), hidden, 0) for mine, name, text, hidden in rows.fetchall()}
    people.db.unregister("wanted")
    return found


def _take(people: Population, some: Sequence[tuple[str, Said]], blank: Person) -> None:
    """Take in some records: what Splink has no levels for is blank to it, and is compared by its keys all the same."""
    simple = {name: said[0] for name, said in some if len(said) == 1 and not said[0].legal}
    people.take((name, simple.get(name, blank), [key + SIGN for key in keys_of(said)]) for name, said in some)
    _into(people, "statements", [(name, written(said)) for name, said in some])
    _into(people, "owned", [(name, *one) for name, said in some for one in _owned(said)])
    _into(people, "declared", [(name, key) for name, one in simple.items() for key in one.keys])
    _into(people, "aside", [(name,) for name, _ in some if name not in simple])


def _owned(said: Said) -> Iterator[tuple[int, str, str]]:
    """Yield the values of a record that may be nobody's own: the bit that hides each, its field and itself."""
    for place, one in enumerate(said):
        every = {**one.owned(), **{field: (value,) for field, value in one.usual().items()}}
        for field, values in every.items():
            for value in values:
                yield BITS[field] << place * len(BITS), field, value


def _hide(people: Population, model: Model | None) -> None:
    """Find what is nobody's own, because too many say it or the model knows it, and let Splink see none of it."""
    people.db.execute(
        f"""
        CREATE TABLE shared AS
        WITH many AS (
            SELECT field, value FROM owned WHERE field IN {OWNED} GROUP BY ALL HAVING count(DISTINCT id) > {LIMIT}
        )
        SELECT id, bit_or(bit) AS bits FROM owned
        WHERE (field, value) IN (SELECT (field, value) FROM many) OR value IN (SELECT unnest(?::VARCHAR[])) GROUP BY id
        """,  # noqa: S608
        [list(model.junk) if model else []],
    )
    for field, columns in COLUMNS.items():
        theirs = f"SELECT id FROM shared WHERE bits & {BITS[field]} > 0"  # noqa: S608
        nothing = ", ".join(f"{column} = NULL" for column in columns)
        people.db.execute(f"UPDATE read SET {nothing} WHERE id IN ({theirs})")  # noqa: S608
    people.db.execute("DROP TABLE owned")


def _arrange(people: Population) -> None:
    people.db.execute(f"""
        CREATE TABLE told AS
        SELECT place + 1 AS number, id, text, coalesce(bits, 0) AS hidden
        FROM people JOIN statements USING (id) LEFT JOIN shared USING (id) ORDER BY place;
        DROP TABLE statements;
        CREATE TABLE own AS
        WITH tied AS (SELECT place, key FROM declared JOIN people USING (id)),
        few AS (SELECT key FROM declared GROUP BY key HAVING count(*) <= {LIMIT}),
        rest AS (SELECT place FROM aside JOIN people USING (id))
        SELECT a + 1 AS a, b + 1 AS b FROM blocked WHERE a IN (SELECT place FROM rest) OR b IN (SELECT place FROM rest)
        UNION
        SELECT a + 1, b + 1 FROM blocked SEMI JOIN (
            SELECT x.place AS a, y.place AS b
            FROM tied x JOIN tied y ON x.key = y.key AND x.place < y.place WHERE x.key IN (SELECT key FROM few)
        ) USING (a, b)
    """)  # noqa: S608


def _into(people: Population, name: str, rows: Sequence[Sequence[str | int]]) -> None:
    """Add rows to a table, which says of what type its columns are."""
    if rows:
        columns = {f"c{place}": pa.array(column) for place, column in enumerate(zip(*rows, strict=True))}
        people.db.register("more", pa.table(columns))
        people.db.execute(f"INSERT INTO {name} SELECT * FROM more")  # noqa: S608
        people.db.unregister("more")
