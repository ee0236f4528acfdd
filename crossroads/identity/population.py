"""Many people at once, in a DuckDB of their own that is gone afterwards: the batch path works on these tables.

`people` has a row a record, places counted from 0 in the order of ids, so that the order of a file plays no part; `blocked`
has the pairs of places that share enough, `carried` all keys.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice, pairwise
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from crossroads.errors import ConfigError
from crossroads.identity.blocking import LIMIT, LOOSE, hashed, limit_of
from crossroads.identity.levels import Nicknames
from crossroads.identity.model import Model
from crossroads.identity.person import COLUMNS, FIELDS, Person, columns, of_columns
from crossroads.identity.scratch import scratch

PER_STEP = 50_000
SHARED = {"email": "email", "phone": "right(phone, 8)"}
"""What many may share: info@, a switchboard, a placeholder."""

USUAL = {
    "birth_date": "birth_date",
    "name": "given || ' ' || family",
    "door": "street || ' ' || house || ' ' || coalesce(postcode, '')",
}
"""What is written for want of anything better, as `Person.usual` has it: 1980-01-01, `Guest Customer`, the shop's own address."""

FAR, MOST = 4, 5
"""By so many times as many people as any other is said what is nobody's, and so many such are looked for."""

MEMORY = "1200MB"
"""What DuckDB may use before it goes to the disk; Python's own share comes on top."""


def outstanding(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the values that stand out, of those that most people say and how many do, in falling order.

    >>> outstanding({"1980-01-01": 900, "2000-01-01": 700, "1956-04-09": 3, "1956-04-10": 2})
    ('1980-01-01', '2000-01-01')
    >>> outstanding({"1862-01-01": 300, "1861-01-01": 280, "1860-01-01": 190}), outstanding({"1980-01-01": 20, "1956-04-09": 1})
    ((), ())
    """
    values = list(counts)
    ahead = [
        place
        for place, (value, after) in enumerate(pairwise(values), 1)
        if counts[value] > LIMIT and counts[value] >= FAR * counts[after]
    ]
    return tuple(values[: max(ahead, default=0)])


class Population:
    """The records of a file or a store, as tables; `count` of them, with further fields named `others`.

    `junk` is what is nobody's own: addresses of e-mail, numbers, birthdays, names, doors; `loose` is how many may carry a
    loose key that brings pairs by itself.
    """

    def __init__(self, others: Sequence[str], nicknames: Nicknames) -> None:
        self.others = tuple(others)
        self.nicknames = nicknames
        self.count, self.loose, self.junk = 0, LIMIT, tuple[str, ...]()
        self.fields = columns(len(self.others))
        self._held = ExitStack()
        self.db = duckdb.connect(self._held.enter_context(scratch()) / "people.duckdb")
        self.db.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false")
        said = ", ".join(f"{name} VARCHAR" for name in self.fields)
        self.db.execute(f"CREATE TABLE read (id VARCHAR, {said}, keys UBIGINT[])")

    def __repr__(self) -> str:
        return f"Population({self.count} records)"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.db.close()
        self._held.close()
        # Splink's linkers hang in circles with results of this database. Collected in a child that was forked meanwhile, as
        # Airflow forks its tasks, they would end it: their threads are not there.
        gc.collect()

    def add(self, records: Iterable[tuple[str, Person]]) -> None:
        """Take in records by their ids."""
        self.take((name, person, hashed(person)) for name, person in records)

    def take(self, records: Iterable[tuple[str, Person, Sequence[int]]]) -> None:
        """Take in records by their ids, each with its keys: of a record they may be more than what is compared of it makes."""
        left = iter(records)
        while some := list(islice(left, PER_STEP)):
            rows = zip(
                *((name, *person[: len(FIELDS)], *person.others) for name, person, _ in some), strict=True
            )
            values = {
                name: pa.array(column, pa.string())
                for name, column in zip(("id", *self.fields), rows, strict=True)
            }
            keys = pa.array([mine for *_, mine in some], pa.list_(pa.uint64()))
            block = pa.table({**values, "keys": keys})
            self.db.register("block", block)
            self.db.execute("INSERT INTO read SELECT * FROM block")
            self.db.unregister("block")

    def close(self, model: Model | None = None) -> None:
        """End the taking in: number the records, forget what is nobody's own, and block.

        An e-mail address or telephone that too many records carry is nobody's, and so is what a model knows of; where there is
        none, a birthday, a name or a door that far more people say than any other.
        """
        db = self.db
        ((self.count, names),) = db.execute("SELECT count(*), count(DISTINCT id) FROM read").fetchall()
        if names < self.count:
            raise ConfigError(
                f"{self.count - names:,} of {self.count:,} records have an id that another one has; an id names one record."
            )
        self.junk = tuple(sorted({*self._shared(), *(model.junk if model else self._usual())}))
        db.execute("CREATE TABLE junk AS SELECT unnest(?::VARCHAR[]) AS value", [list(self.junk)])
        for field, value in (SHARED | USUAL).items():
            nothing = ", ".join(f"{column} = NULL" for column in COLUMNS[field])
            db.execute(f"UPDATE read SET {nothing} WHERE {value} IN (SELECT value FROM junk)")  # noqa: S608
        shorts = pa.table({"short": list(self.nicknames), "stands": list(self.nicknames.values())})
        db.register("shorts", shorts)
        db.execute(f"""
            CREATE TABLE people AS
            SELECT (row_number() OVER (ORDER BY id) - 1)::INTEGER AS place, id, {", ".join(self.fields)},
                split_part(email, '@', 1) AS mailbox, right(phone, 8) AS number, family || coalesce(family2, '') AS surnames,
                list_prepend(given, coalesce(stands, [])) AS forms, keys
            FROM read LEFT JOIN shorts ON short = given;
            DROP TABLE read;
        """)  # noqa: S608
        db.unregister("shorts")
        self._block(model)

    def _shared(self) -> tuple[str, ...]:
        counted = (
            f"SELECT {value} FROM read GROUP BY 1 HAVING count({value}) > {LIMIT}"  # noqa: S608
            for value in SHARED.values()
        )
        found = self.db.execute(f"{' UNION ALL '.join(counted)} ORDER BY 1")
        return tuple(value for (value,) in found.fetchall())

    def _usual(self) -> Iterator[str]:
        """Yield the birthdays, names and doors that far more people say than any other."""
        for field, value in USUAL.items():
            # One person of many records says few different other things, and makes nothing usual.
            others = ", ".join(
                f"count(DISTINCT {other})" for name, other in (SHARED | USUAL).items() if name != field
            )
            counted = f"SELECT {value} AS value, greatest({others}) AS n FROM read GROUP BY 1 HAVING value IS NOT NULL"  # noqa: S608
            most = self.db.execute(f"{counted} ORDER BY n DESC, value LIMIT {MOST + 1}")
            # Where all say the same, the next that is said is nothing.
            yield from outstanding(dict([*most.fetchall(), ("", 0)][: MOST + 1]))

    def _block(self, model: Model | None) -> None:
        db = self.db
        db.execute(f"""
            CREATE TABLE carried AS SELECT unnest(keys) AS key, place FROM people;
            ALTER TABLE people DROP keys;
            CREATE TABLE alive AS SELECT key, count(*) AS n FROM carried GROUP BY key HAVING n BETWEEN 2 AND {LIMIT};
        """)  # noqa: S608
        brought = db.execute(
            "SELECT n, (sum(n * (n - 1)) // 2)::BIGINT FROM alive WHERE key & ? = 1 GROUP BY n", [LOOSE]
        )
        self.loose = model.loose if model else limit_of(dict(brought.fetchall()), self.count)
        db.execute(f"""
            CREATE TABLE sharing AS
            SELECT key, place, key & {LOOSE} = 0 OR n <= {self.loose} AS alone FROM carried JOIN alive USING (key);
            DROP TABLE alive;
            CREATE TABLE blocked AS
            SELECT x.place AS a, y.place AS b FROM sharing x JOIN sharing y ON x.key = y.key AND x.place < y.place
            GROUP BY ALL HAVING count(*) > 1 OR bool_or(x.alone);
            DROP TABLE sharing;
        """)  # noqa: S608

    def ids(self) -> Iterator[str]:
        """Yield the ids, in order of places."""
        answer = self.db.execute("SELECT id FROM people ORDER BY place")
        while some := answer.fetchmany(PER_STEP):
            yield from (name for (name,) in some)

    def places(self, names: Iterable[str]) -> dict[str, int]:
        """Return the places of some records by their ids; an id that none has is not in it."""
        self.db.register("wanted", pa.table({"id": pa.array(sorted({*names}), pa.string())}))
        found = dict(self.db.execute("SELECT id, place FROM people SEMI JOIN wanted USING (id)").fetchall())
        self.db.unregister("wanted")
        return found

    def persons(self, places: Iterable[int]) -> dict[int, Person]:
        """Return some records by their places."""
        wanted = pa.table({"place": pa.array(sorted(places), pa.int32())})
        self.db.register("wanted", wanted)
        found = {}
        answer = self.db.execute(
            f"SELECT place, {', '.join(self.fields)} FROM people SEMI JOIN wanted USING (place)"  # noqa: S608
        )
        while some := answer.fetchmany(PER_STEP):
            for place, *said in some:
                found[place] = of_columns(said)
        self.db.unregister("wanted")
        return found
