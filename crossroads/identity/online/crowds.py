"""People with more records than anybody has: rather a placeholder or a model that merges too much than a person."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from crossroads.store.session import table
from crossroads.store.tables import Node

CROWD = 20
"""More records than this are looked at: a person has one or two in each system."""


class Crowd(NamedTuple):
    """A person of many records: the address of one, and how many there are."""

    address: str
    records: int


def crowds(db: Connection, most: int = CROWD) -> list[Crowd]:
    """Return the people with more than so many records, the largest first."""
    rows, first = table(Node), table(Node).alias("first")
    many = func.count().label("many")
    sizes = (
        select(rows.c.cluster, many).where(rows.c.cluster > 0).group_by(rows.c.cluster).having(many > most)
    ).subquery()
    query = select(first.c.address, sizes.c.many).join(sizes, sizes.c.cluster == first.c.number)
    return [
        Crowd(address, count)
        for address, count in db.execute(query.order_by(sizes.c.many.desc(), first.c.address))
    ]
