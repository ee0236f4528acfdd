"""Which records share a key in the store, and which keys say nothing because too many carry them.

A key is retired while more carry it than may, and comes back when records go: that depends on the records alone, never on
the order in which they came.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from crossroads.identity.blocking import LIMIT, hashed, owned, says_enough
from crossroads.identity.person import Person, Said
from crossroads.store.session import Bulk, Delete, Lookup, table
from crossroads.store.tables import Block, Retired

_block = Bulk(Block, ("key", "node"), update=())
_retired = Bulk(Retired, ("key",), update=())
_carrying = Lookup(Block, ("key", "node"), "key")
_dead = Lookup(Retired, ("key",), "key")
_gone = Delete(Block, ("key", "node"))
_revive = Delete(Retired, ("key",))

Keys = Mapping[int, Sequence[int]]
"""Number of a record -> its keys."""


SIGN = 1 << 63
"""Databases have no numbers of 64 bits without a sign; the bit LOOSE stays where it is."""


def keys_of(said: Said) -> list[int]:
    """Return the keys of a record as the store has them."""
    return sorted({key - SIGN for one in said for key in hashed(one)})


def owned_by(person: Person) -> dict[str, set[int]]:
    """Return the keys that ought to have one owner, by field."""
    return {field: {key - SIGN for key in keys} for field, keys in owned(person).items()}


class Touched(NamedTuple):
    """What became of the keys that came or went: who carries those that are not retired, and which are.

    `quieter` just went beyond what may carry them or bring pairs by themselves, `louder` came back, each with its carriers.
    """

    live: dict[int, list[int]]
    dead: set[int]
    quieter: Mapping[int, Sequence[int]]
    louder: Mapping[int, Sequence[int]]


UNTOUCHED = Touched({}, set(), {}, {})


def none(db: Connection) -> bool:
    """Tell whether no record has a key."""
    return db.execute(select(func.min(table(Block).c.key))).scalar() is None


def live(db: Connection, keys: Collection[int]) -> dict[int, list[int]]:
    """Return who carries each of the keys that say something."""
    return _carriers(db, {*keys} - dead(db, keys))


def dead(db: Connection, keys: Collection[int]) -> set[int]:
    """Return which of the keys are retired."""
    return {key for (key,) in _dead(db, keys)}


def rekey(db: Connection, before: Keys, after: Keys, loose: int) -> Touched:
    """Give records their keys in place of those they had; `loose` is how many may carry a loose key that brings pairs alone."""
    gone = [(key, node) for node, keys in before.items() for key in {*keys}.difference(after.get(node, ()))]
    new = [(key, node) for node, keys in after.items() for key in {*keys}.difference(before.get(node, ()))]
    _gone(db, gone)
    _block(db, sorted(new))
    more = Counter(key for key, _ in new)
    more.subtract(key for key, _ in gone)
    silent = dead(db, more.keys())
    live = _carriers(db, more.keys() - silent)
    retired = {key: live.pop(key) for key in sorted(live) if len(live[key]) > LIMIT}
    back = _back(db, {key for key, _ in gone} & silent)
    _retired(db, [(key,) for key in retired])
    _revive(db, [(key,) for key in back])
    quieter, louder = dict(retired), dict(back)
    for key, carriers in live.items():
        said = says_enough(key, len(carriers) - more[key], loose)
        if said != says_enough(key, len(carriers), loose):
            (quieter if said else louder)[key] = carriers
    return Touched(live | back, (silent | retired.keys()) - back.keys(), quieter, louder)


def _back(db: Connection, keys: Iterable[int]) -> dict[int, list[int]]:
    """Return those of the retired keys that few enough carry by now."""
    rows, found = table(Block), {}
    for key in sorted(keys):
        carriers = list(db.execute(select(rows.c.node).where(rows.c.key == key).limit(LIMIT + 1)).scalars())
        if len(carriers) <= LIMIT:
            found[key] = carriers
    return found


def _carriers(db: Connection, keys: Collection[int]) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for key, node in _carrying(db, keys):
        found[key].append(node)
    return found
