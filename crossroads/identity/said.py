"""What one record says, as it is stored: the newest first, and what it said before, for an edit makes nobody another person."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import orjson

from crossroads.identity.levels import contradict, given
from crossroads.identity.nicknames import nicknames
from crossroads.identity.person import Person, Said

_LISTS = [Person._fields.index(name) for name in ("others", "keys")]
_given = given(nicknames())

MOST = 8
"""So many statements of one record are kept; of more, the newest."""


def written(said: Said) -> str:
    """Return statements as text, the same for the same."""
    return orjson.dumps([_short(one) for one in said]).decode()


def read(text: str) -> Said:
    """Return statements from their text."""
    return tuple(map(_person, orjson.loads(text)))


def remembered(now: Iterable[Person], before: Said, kinds: Collection[str]) -> Said:
    """Return what a record says now, and what it said before that it does not say any more; a key once said stays one.

    Who moves, marries or changes an address in one system is known to the others by what was. A record that was given to
    somebody else says nothing of who had it, and no key is kept but those of the `kinds` that still identify.
    """
    new = [*now]
    if tuple(new) == before:
        return before
    same = [one for one in before if not any(contradict(one, other, _given) for other in new)]
    found: list[Person] = []
    for one in [*new, *same]:
        if not any(_includes(other, one) for other in found):
            found.append(one)
    every = {key for one in [*new, *same] for key in one.keys}
    keys = tuple(sorted(key for key in every if key.partition(":")[0] in kinds))
    return tuple(one._replace(keys=keys) for one in found[:MOST])


def _includes(whole: Person, part: Person) -> bool:
    """Tell whether a statement says all that another says, keys aside."""
    return all(not b or a == b for a, b in zip(whole[:-1], part[:-1], strict=True))


def _short(person: Person) -> Sequence[Any]:
    """Return a statement without the empty fields at its end."""
    values = list(person)
    while values and not values[-1]:
        values.pop()
    return values


def _person(values: list[Any]) -> Person:
    if len(values) > _LISTS[0]:  # most records say nothing there
        for place in _LISTS:
            if place < len(values):
                values[place] = tuple(values[place])
    return Person(*values)
