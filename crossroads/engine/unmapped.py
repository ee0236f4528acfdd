"""Values that are golden no more for one reason only: the mapping of the record that said them has no line for them any more.

Nobody cleared such a value, and its record has not left the person. It is left where we wrote it; clearing it would let a line
that is taken out of a file empty other systems. What a record said by a line that is gone is known by its time alone: a time of
saying without a value (`remapped`).
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import orjson
from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.engine.echo import Held
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Link

Words: TypeAlias = Mapping[str, Collection[str]]
"""When the records of a profile said what no line says any more, by path."""

NOTHING: Words = MappingProxyType({})


def words(held: Iterable[Held]) -> Words:
    """Return what the records of one profile said by lines that are gone."""
    return _gathered((one.since, one.holds) for one in held)


def of(db: Connection, golden: Mapping[str, Document], held: Iterable[tuple[str, Held]]) -> dict[str, Words]:
    """Return what the records of each profile said by lines that are gone; asked only where a value of ours is golden no more."""
    profiles = {
        profile for profile, one in held if one.echo and one.echo.keys() - golden.get(profile, one.echo)
    }
    rows, link = table(Contribution), table(Link)
    query = select(link.c.profile, rows.c.since, rows.c.holds).join(rows, rows.c.id == link.c.contribution)
    found: dict[str, list[tuple[Mapping[str, str], Collection[str]]]] = {}
    for some in chunks(sorted(profiles)):
        for profile, since, holds in db.execute(
            query.where(link.c.profile.in_(some), rows.c.since.is_not(None))
        ):
            found.setdefault(profile, []).append((orjson.loads(since), orjson.loads(holds)))
    return {profile: _gathered(those) for profile, those in found.items()}


def stays(held: Held, path: str, words: Words) -> bool:
    """Tell whether a value of ours is the word of a record that says it no more for want of a line."""
    ours = held.echo.get(path)
    return ours is not None and len(ours) > 2 and ours[2] in words.get(path, ())


def _gathered(those: Iterable[tuple[Mapping[str, str], Collection[str]]]) -> Words:
    found: dict[str, set[str]] = {}
    for since, holds in those:
        for path, at in since.items():
            if path not in holds:
                found.setdefault(path, set()).add(at)
    return found
