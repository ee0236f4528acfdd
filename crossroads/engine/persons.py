"""Customers who are one person, or one firm: as the register of persons finds them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from crossroads.engine.dirty import Dirty
from crossroads.engine.near import Evidence, Near, Node
from crossroads.engine.workspace import Workspace
from crossroads.identity.online import Register, models
from crossroads.identity.online.components import Group
from crossroads.identity.said import read
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Link

STATED = ("must", "created")
SHIPPED = "what this store began with"

PERSONS = "customer"
"""The entity whose records are people and firms."""


def persons(
    db: Connection, ws: Workspace, moved: Sequence[Dirty], signed: Mapping[str, str], *, at: str
) -> Near:
    """Return everybody whom the moved records may now be, or no longer be, one with, and how they split."""
    register = begun(db, ws, at=at)
    register.rekey(db)
    groups = register.put(db, {d.address: read(signed[d.id]) for d in moved})
    nodes = {d.address: Node(d.id, d.address, d.profile) for d in moved}
    nodes |= _others(db, [name for group in groups for name in group.addresses if name not in nodes])
    known = (_known(group, nodes, register.version) for group in groups)
    return Near(nodes, [(names, why) for names, why in known if names])


def begun(db: Connection, ws: Workspace, *, at: str) -> Register:
    """Return what finds who is one person; a store that compares for the first time keeps the model it does so by."""
    register = ws.register(db)
    if models.in_use(db) is None:
        # Else a release that ships another one would weigh by it what comes, beside what was weighed by this one.
        models.keep(db, register.model, actor="", why=SHIPPED, at=at)
    return register


def _known(group: Group, nodes: Mapping[str, Node], version: str) -> tuple[Sequence[str], Evidence]:
    """Return the records of a group that are there, and what speaks for them by which model."""
    why = [(a, b, said if said in STATED else f"weight:{said}:{version}") for a, b, said in group.why]
    return (
        [name for name in group.addresses if name in nodes],
        [(a, b, said) for a, b, said in why if a in nodes and b in nodes],
    )


def _others(db: Connection, addresses: Sequence[str]) -> dict[str, Node]:
    rows, link = table(Contribution), table(Link)
    # Who is known and not linked yet, from a first sync's comparison of everybody, is linked when his turn comes.
    query = select(rows.c.id, rows.c.key, link.c.profile).select_from(
        rows.join(link, link.c.contribution == rows.c.id)
    )
    streams: dict[tuple[str, str], list[str]] = {}
    for name in addresses:
        connection, stream, key = name.split("/", 2)
        streams.setdefault((connection, stream), []).append(key)
    return {
        f"{connection}/{stream}/{key}": Node(identity, f"{connection}/{stream}/{key}", profile)
        for (connection, stream), keys in streams.items()
        for some in chunks(keys)
        for identity, key, profile in db.execute(
            query.where(rows.c.connection == connection, rows.c.stream == stream, rows.c.key.in_(some))
        )
    }
