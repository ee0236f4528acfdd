"""The pairs of records that are rather one person's than not, and were left apart."""

from typing import NamedTuple

from sqlalchemy import Connection, exists, or_, select

from crossroads.identity.online.components import APART
from crossroads.store.session import table
from crossroads.store.tables import Assertion, Edge, Node


class Doubt(NamedTuple):
    """Two records by their addresses, the bits that speak for one person, and their numbers in the register, in that order."""

    a: str
    b: str
    bits: float
    numbers: tuple[int, int]


def doubtful(db: Connection, limit: int, numbers: tuple[int, int] | None = None) -> list[Doubt]:
    """Return pairs that a person might decide, the likeliest first; whom people told apart are no doubt any more.

    With `numbers`, that pair only, if it is one of them.
    """
    edge, one, other, said = (
        table(Edge),
        table(Node).alias("one"),
        table(Node).alias("other"),
        table(Assertion),
    )
    told = exists().where(
        said.c.kind == APART,
        or_(
            (said.c.a == one.c.address) & (said.c.b == other.c.address),
            (said.c.b == one.c.address) & (said.c.a == other.c.address),
        ),
    )
    query = (
        select(one.c.address, other.c.address, edge.c.bits, edge.c.a, edge.c.b)
        .join(one, one.c.number == edge.c.a)
        .join(other, other.c.number == edge.c.b)
        .where(or_(one.c.cluster != other.c.cluster, one.c.cluster == 0), ~told)
        .order_by(edge.c.bits.desc(), one.c.address, other.c.address)
        .limit(limit)
    )
    if numbers is not None:
        query = query.where(edge.c.a == min(numbers), edge.c.b == max(numbers))
    return [
        Doubt(a, b, bits, (x, y)) if a < b else Doubt(b, a, bits, (y, x))
        for a, b, bits, x, y in db.execute(query)
    ]
