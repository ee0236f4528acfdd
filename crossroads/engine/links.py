"""Link contributions to profiles again after their identity changed, and keep profile ids steady while doing so."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from uuid import UUID

import orjson
from sqlalchemy import Connection, select

from crossroads import journal
from crossroads.engine import naming
from crossroads.engine.dirty import Dirty
from crossroads.engine.keyed import keyed
from crossroads.engine.near import Evidence, Node
from crossroads.engine.persons import PERSONS, persons
from crossroads.engine.workspace import Workspace
from crossroads.store import newid
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Lineage, Link

_link = Bulk(Link, ("contribution", "profile", "evidence", "at", "run"))
_lineage = Bulk(Lineage, ("id", "kind", "before", "after", "at", "run"), update=())


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
    changed = {d.id for d in moved}
    by_address, groups = (
        persons(db, ws, moved, signed, at=at) if entity == PERSONS else keyed(db, entity, moved, signed)
    )
    touched: set[str] = set()
    others: set[str] = set()
    links, lineage, lines = [], [], []
    claims = _claims(by_address.values())
    fresh = _free(db, [_first(by_address[a] for a in addresses) for addresses, _ in groups], claims)
    for addresses, why in groups:
        members = [by_address[address] for address in sorted(addresses)]
        former = {node.profile for node in members if node.profile is not None}
        mine = {profile for profile in former if claims[profile] in addresses}
        profile = min(mine, key=lambda p: by_address[claims[p]].id) if mine else fresh[_first(members)]
        unchanged = all(node.profile == profile for node in members)
        if unchanged and not any(node.id in changed for node in members):
            continue
        touched |= {profile} | former
        if not unchanged:
            others |= {profile} | former
        lineage += [(newid(), "merged", other, profile, at, run) for other in mine - {profile}]
        lineage += [(newid(), "split", other, profile, at, run) for other in former - mine]
        if former - {profile}:
            lines.append(
                journal.Line("link", profile, {"from": sorted(former - {profile}), "records": len(members)})
            )
        evidence = _evidence(why)
        links += [(node.id, profile, evidence.get(node.address, "[]"), at, run) for node in members]
    _link(db, links)
    _lineage(db, lineage)
    journal.append(db, lines, run=run, at=at)
    naming.note(db, others | {one.profile for one in moved if one.profile and not one.signature})
    return touched


def address(connection: str, stream: str, key: str) -> str:
    """Return a record's address."""
    return f"{connection}/{stream}/{key}"


def founded(address: str) -> str:
    """Return the id of the profile that begins with a record: always the same, also in a store restored from a back-up.

    Neighbours by key are neighbours by id: they come in one page and change together, and an index is written by whole pages.

    >>> founded("erp/people/101") == founded("erp/people/101") != founded("erp/people/102")
    True
    >>> founded("erp/people/101")[:8] == founded("erp/people/102")[:8]
    True
    """
    near, own = blake2b(address[:-2].encode(), digest_size=4), blake2b(address.encode(), digest_size=12)
    return str(UUID(bytes=near.digest() + own.digest(), version=5))


def _first(nodes: Iterable[Node]) -> str:
    return min((node.id, node.address) for node in nodes)[1]


def _free(db: Connection, firsts: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return a profile id for each first record; its own one, unless others went on under that without it."""
    wanted = {founded(first): first for first in firsts}
    link, used = table(Link), set(taken)
    for some in chunks(sorted(wanted)):
        used |= set(db.execute(select(link.c.profile).where(link.c.profile.in_(some))).scalars())
    return {first: newid() if profile in used else profile for profile, first in wanted.items()}


def _claims(nodes: Iterable[Node]) -> dict[str, str]:
    """Return, for each profile id, the address of its oldest record: the person who has that record keeps the id."""
    oldest: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if node.profile is not None:
            oldest[node.profile] = min(oldest.get(node.profile, ("~", "")), (node.id, node.address))
    return {profile: address for profile, (_, address) in oldest.items()}


def _evidence(pairs: Evidence) -> dict[str, str]:
    found: dict[str, list[list[str]]] = defaultdict(list)
    for a, b, why in pairs:
        found[a].append([b, why])
        found[b].append([a, why])
    return {address: orjson.dumps(rows).decode() for address, rows in found.items()}
