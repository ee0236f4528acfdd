"""Orders and conversations that are one: those that share a key, and whatever hangs together with them."""

from collections.abc import Iterable, Mapping, Sequence

import orjson
from sqlalchemy import Connection, func, select

from crossroads.engine.dirty import Dirty
from crossroads.engine.near import Near, Node
from crossroads.identity.keys import CAP
from crossroads.identity.partition import Edge, partition
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Assertion, Contribution, IdentityKey, Link

Keys = Sequence[str]
_key = Bulk(IdentityKey, ("key", "contribution"), update=())


def keyed(db: Connection, entity: str, moved: Sequence[Dirty], signed: Mapping[str, str]) -> Near:
    """Return whatever shares a key with the moved records, or did, and how it splits."""
    changed: dict[str, Keys] = {d.id: orjson.loads(signed[d.id]) for d in moved}
    old_keys = {key for d in moved if d.signature for key in orjson.loads(d.signature)}
    before = _carried(db, old_keys | {key for keys in changed.values() for key in keys})
    _rekey(db, changed)
    carried: dict[str, Keys] = {}
    nodes = _closure(db, entity, changed, old_keys, before, carried)
    by_address = {node.address: node for node in nodes.values()}
    must, cannot = _asserted(db, by_address)
    keys = {node.address: carried[node.id] for node in nodes.values()}
    return Near(by_address, partition(keys, must, cannot))


def _carried(db: Connection, keys: Iterable[str]) -> dict[str, int]:
    rows = table(IdentityKey)
    count = select(rows.c.key, func.count()).group_by(rows.c.key)
    return {
        key: n for some in chunks(sorted(keys)) for key, n in db.execute(count.where(rows.c.key.in_(some)))
    }


def _rekey(db: Connection, changed: Mapping[str, Keys]) -> None:
    rows = table(IdentityKey)
    for some in chunks(list(changed)):
        db.execute(rows.delete().where(rows.c.contribution.in_(some)))
    _key(db, [(key, record) for record, keys in changed.items() for key in keys])


def _closure(
    db: Connection,
    entity: str,
    changed: Mapping[str, Keys],
    old_keys: set[str],
    before: Mapping[str, int],
    carried: dict[str, Keys],
) -> dict[str, Node]:
    """Return every contribution reachable over shared keys, shared profiles and assertions.

    A key that identifies nobody (more than CAP carriers) is not followed, except at the moment it ceases to
    identify. What each carries is noted in `carried`.
    """
    nodes: dict[str, Node] = {}
    frontier, keys = set(changed), set(old_keys)
    followed: set[str] = set()
    while frontier or keys:
        fresh = _nodes(db, entity, frontier - nodes.keys(), changed, carried)
        nodes.update(fresh)
        keys |= {key for identity in fresh for key in carried[identity]}
        keys -= followed
        followed |= keys
        now = _carried(db, keys)
        live = [key for key in keys if now.get(key, 0) <= CAP or before.get(key, CAP + 1) <= CAP]
        frontier = _carriers(db, live) | _companions(db, {n.profile for n in fresh.values() if n.profile})
        frontier |= _partners(db, [node.address for node in fresh.values()])
        frontier -= nodes.keys()
        keys = set()
    return nodes


def _nodes(
    db: Connection,
    entity: str,
    ids: Iterable[str],
    changed: Mapping[str, Keys],
    carried: dict[str, Keys],
) -> dict[str, Node]:
    rows, link = table(Contribution), table(Link)
    query = select(
        rows.c.id, rows.c.connection, rows.c.stream, rows.c.key, rows.c.signature, link.c.profile
    ).select_from(rows.outerjoin(link, link.c.contribution == rows.c.id))
    found = {}
    for some in chunks(sorted(ids)):
        for identity, connection, stream, key, keys, profile in db.execute(
            query.where(rows.c.id.in_(some), rows.c.entity == entity)
        ):
            if identity in changed or keys:
                carried[identity] = changed[identity] if identity in changed else orjson.loads(keys)
                found[identity] = Node(identity, f"{connection}/{stream}/{key}", profile)
    return found


def _carriers(db: Connection, keys: Sequence[str]) -> set[str]:
    rows = table(IdentityKey)
    return {
        r
        for some in chunks(keys)
        for (r,) in db.execute(select(rows.c.contribution).where(rows.c.key.in_(some)))
    }


def _companions(db: Connection, profiles: set[str]) -> set[str]:
    rows = table(Link)
    query = select(rows.c.contribution)
    return {
        r for some in chunks(sorted(profiles)) for (r,) in db.execute(query.where(rows.c.profile.in_(some)))
    }


def _partners(db: Connection, addresses: Sequence[str]) -> set[str]:
    """Return the ids of the records that some assertion names together with one of these."""
    rows, contributions = table(Assertion), table(Contribution)
    others: set[str] = set()
    for some in chunks(addresses, 1000):
        for a, b in db.execute(select(rows.c.a, rows.c.b).where(rows.c.a.in_(some) | rows.c.b.in_(some))):
            others |= {a, b}
    found: set[str] = set()
    for address in others - set(addresses):
        connection, stream, key = address.split("/", 2)
        where = (
            contributions.c.connection == connection,
            contributions.c.stream == stream,
            contributions.c.key == key,
        )
        found |= {identity for (identity,) in db.execute(select(contributions.c.id).where(*where))}
    return found


def _asserted(db: Connection, by_address: Mapping[str, Node]) -> tuple[list[Edge], list[tuple[str, str]]]:
    rows = table(Assertion)
    must: list[Edge] = []
    cannot: list[tuple[str, str]] = []
    for some in chunks(sorted(by_address), 1000):
        for a, b, kind in db.execute(select(rows.c.a, rows.c.b, rows.c.kind).where(rows.c.a.in_(some))):
            if b in by_address:
                if kind == "cannot":
                    cannot.append((a, b))
                else:
                    must.append(Edge(a, b, kind))
    return must, cannot
