"""Link contributions to profiles again after their identity changed, and keep profile ids steady while doing so."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select

from crossroads import journal
from crossroads.engine.dirty import Dirty
from crossroads.engine.workspace import Workspace
from crossroads.identity.keys import CAP
from crossroads.identity.names import Name
from crossroads.identity.partition import Bearer, Edge, partition
from crossroads.store import newid
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Assertion, Contribution, IdentityKey, Lineage, Link

_link = Bulk(Link, ("contribution", "profile", "evidence", "at", "run"))
_key = Bulk(IdentityKey, ("key", "contribution"), update=())
_lineage = Bulk(Lineage, ("id", "kind", "before", "after", "at", "run"), update=())


class Node(NamedTuple):
    """A contribution near one that moved; a deleted one still tells that others are one person."""

    id: str
    address: str
    bearer: Bearer
    profile: str | None


def relink(
    db: Connection,
    ws: Workspace,
    entity: str,
    moved: Sequence[Dirty],
    signed: Mapping[str, str],
    *,
    run: str,
    at: str,
) -> set[str]:
    """Link the moved contributions and everybody they may now be, or no longer be, one with; return the profiles touched."""
    changed = {d.id: _bearer(signed[d.id]) for d in moved}
    old_keys = {key for d in moved if d.keys for key in _bearer(d.keys).keys}
    new_keys = {key for bearer in changed.values() for key in bearer.keys}
    before = _carried(db, old_keys | new_keys)
    _rekey(db, changed)
    nodes = _closure(db, entity, changed, old_keys, before)
    by_address = {node.address: node for node in nodes.values()}
    must, cannot = _asserted(db, by_address)
    groups = partition({address: node.bearer for address, node in by_address.items()}, must, cannot)
    touched: set[str] = set()
    links, lineage, lines = [], [], []
    claims = _claims(nodes.values())
    fresh = _free(db, [_first(by_address[a] for a in addresses) for addresses, _ in groups], claims)
    for addresses, edges in groups:
        members = [by_address[address] for address in sorted(addresses)]
        former = {node.profile for node in members if node.profile is not None}
        mine = {profile for profile in former if claims[profile] in addresses}
        profile = min(mine, key=lambda p: by_address[claims[p]].id) if mine else fresh[_first(members)]
        unchanged = all(node.profile == profile for node in members)
        if unchanged and not any(node.id in changed for node in members):
            continue
        touched |= {profile} | former
        lineage += [(newid(), "merged", other, profile, at, run) for other in mine - {profile}]
        lineage += [(newid(), "split", other, profile, at, run) for other in former - mine]
        if former - {profile}:
            lines.append(
                journal.Line("link", profile, {"from": sorted(former - {profile}), "records": len(members)})
            )
        evidence = _evidence(edges)
        links += [(node.id, profile, evidence.get(node.address, "[]"), at, run) for node in members]
    _link(db, links)
    _lineage(db, lineage)
    journal.append(db, lines, run=run, at=at)
    return touched


def address(connection: str, stream: str, key: str) -> str:
    """Return a record's address."""
    return f"{connection}/{stream}/{key}"


def founded(address: str) -> str:
    """Return the id of the profile that begins with a record: always the same, also in a store restored from a back-up.

    >>> founded("erp/people/1") == founded("erp/people/1") != founded("erp/people/2")
    True
    """
    return str(UUID(bytes=blake2b(address.encode(), digest_size=16).digest(), version=5))


def _first(nodes: Iterable[Node]) -> str:
    return min((node.id, node.address) for node in nodes)[1]


def _free(db: Connection, firsts: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return a profile id for each first record; its own one, unless others went on under that without it."""
    wanted = {founded(first): first for first in firsts}
    link, used = table(Link), set(taken)
    for some in chunks(sorted(wanted)):
        used |= set(db.execute(select(link.c.profile).where(link.c.profile.in_(some))).scalars())
    return {first: newid() if profile in used else profile for profile, first in wanted.items()}


def _bearer(signed: str) -> Bearer:
    keys, name = orjson.loads(signed)
    return Bearer(keys, Name(*name))


def _carried(db: Connection, keys: Iterable[str]) -> dict[str, int]:
    rows = table(IdentityKey)
    count = select(rows.c.key, func.count()).group_by(rows.c.key)
    return {
        key: n for some in chunks(sorted(keys)) for key, n in db.execute(count.where(rows.c.key.in_(some)))
    }


def _rekey(db: Connection, changed: Mapping[str, Bearer]) -> None:
    rows = table(IdentityKey)
    for some in chunks(list(changed)):
        db.execute(rows.delete().where(rows.c.contribution.in_(some)))
    _key(db, [(key, record) for record, bearer in changed.items() for key in bearer.keys])


def _closure(
    db: Connection, entity: str, changed: Mapping[str, Bearer], old_keys: set[str], before: Mapping[str, int]
) -> dict[str, Node]:
    """Return every contribution reachable over shared keys, shared profiles and assertions.

    A key that identifies nobody (more than CAP carriers) is not followed, except at the moment it ceases to
    identify.
    """
    nodes: dict[str, Node] = {}
    frontier, keys = set(changed), set(old_keys)
    followed: set[str] = set()
    while frontier or keys:
        fresh = _nodes(db, entity, frontier - nodes.keys(), changed)
        nodes.update(fresh)
        keys |= {key for node in fresh.values() for key in node.bearer.keys}
        keys -= followed
        followed |= keys
        now = _carried(db, keys)
        live = [key for key in keys if now.get(key, 0) <= CAP or before.get(key, CAP + 1) <= CAP]
        frontier = _carriers(db, live) | _companions(db, {n.profile for n in fresh.values() if n.profile})
        frontier |= _partners(db, [node.address for node in fresh.values()])
        frontier -= nodes.keys()
        keys = set()
    return nodes


def _nodes(db: Connection, entity: str, ids: Iterable[str], changed: Mapping[str, Bearer]) -> dict[str, Node]:
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
                bearer = changed[identity] if identity in changed else _bearer(keys)
                found[identity] = Node(identity, f"{connection}/{stream}/{key}", bearer, profile)
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


def _claims(nodes: Iterable[Node]) -> dict[str, str]:
    """Return, for each profile id, the address of its oldest record: the person who has that record keeps the id."""
    oldest: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if node.profile is not None:
            oldest[node.profile] = min(oldest.get(node.profile, ("~", "")), (node.id, node.address))
    return {profile: address for profile, (_, address) in oldest.items()}


def _evidence(edges: Sequence[Edge]) -> dict[str, str]:
    found: dict[str, list[list[str]]] = defaultdict(list)
    for edge in edges:
        found[edge.a].append([edge.b, edge.why])
        found[edge.b].append([edge.a, edge.why])
    return {address: orjson.dumps(rows).decode() for address, rows in found.items()}
