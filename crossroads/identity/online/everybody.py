"""All records of a store in a population: keys, and what is nobody's own, made anew of what they say.

Splink has levels for what most records say. Organisations, records that say and said several things, and pairs that share a key
which their mappings declare have rules of their own: `own` has the pairs that are for our own scorer.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from sqlalchemy import Connection

from crossroads.identity.blocking import LIMIT
from crossroads.identity.model import Model
from crossroads.identity.online import nodes
from crossroads.identity.online.blocks import SIGN, keys_of, owned_by
from crossroads.identity.online.nodes import Node
from crossroads.identity.online.register import nobodys
from crossroads.identity.person import Person
from crossroads.identity.population import Population

STEP = 20_000


def taken(db: Connection, people: Population, model: Model) -> Mapping[int, int]:
    """Fill an empty population with all records, by their addresses; return what of them is nobody's own, by their numbers."""
    dead, junk = _crowded(db, people), frozenset(model.junk)
    people.db.execute("CREATE TABLE aside (id VARCHAR); CREATE TABLE declared (id VARCHAR, key VARCHAR)")
    hidden: dict[int, int] = {}
    for some in nodes.every(db, STEP):
        anew = [_hidden(node, dead, junk) for node in some]
        hidden |= {node.number: node.hidden for node in anew if node.hidden}
        simple = {node.address: node.weighed[0] for node in anew if _simple(node)}
        keys = [(name, key) for name, one in simple.items() for key in one.keys]
        _into(people, "aside", id=[node.address for node in anew if node.address not in simple])
        _into(people, "declared", id=[name for name, _ in keys], key=[key for _, key in keys])
        people.take(
            (one.address, simple.get(one.address, Person()), [key + SIGN for key in keys_of(one.said)])
            for one in anew
        )
    people.close(model)
    people.db.execute("""
        CREATE TABLE own AS
        WITH tied AS (SELECT place, key FROM declared JOIN people USING (id)),
        rest AS (SELECT place FROM aside JOIN people USING (id))
        SELECT a, b FROM blocked WHERE a IN (SELECT place FROM rest) OR b IN (SELECT place FROM rest)
        UNION
        SELECT a, b FROM blocked SEMI JOIN (
            SELECT x.place AS a, y.place AS b FROM tied x JOIN tied y ON x.key = y.key AND x.place < y.place
        ) USING (a, b)
    """)
    return hidden


def _crowded(db: Connection, people: Population) -> frozenset[int]:
    """Return the keys that more records carry than may."""
    people.db.execute("CREATE TABLE counted (key BIGINT)")
    for some in nodes.every(db, STEP):
        _into(people, "counted", key=[key for node in some for key in keys_of(node.said)])
    found = people.db.execute(f"SELECT key FROM counted GROUP BY key HAVING count(*) > {LIMIT}").fetchall()  # noqa: S608
    people.db.execute("DROP TABLE counted")
    return frozenset(key for (key,) in found)


def _hidden(node: Node, dead: frozenset[int], junk: frozenset[str]) -> Node:
    return node._replace(hidden=nobodys(node.said, [owned_by(one) for one in node.said], dead, junk))


def _simple(node: Node) -> bool:
    """Tell whether Splink has levels for all that a record says."""
    return len(node.said) == 1 and not node.said[0].legal


def _into(people: Population, name: str, **columns: Sequence[str] | Sequence[int]) -> None:
    """Add rows to a table, which says of what type its columns are."""
    people.db.register("more", pa.table({column: pa.array(values) for column, values in columns.items()}))
    people.db.execute(f"INSERT INTO {name} SELECT * FROM more")  # noqa: S608
    people.db.unregister("more")
