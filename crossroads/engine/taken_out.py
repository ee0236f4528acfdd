"""Items that a record took out of its list, an order line for one: gone for all if its word counts, and never by half.

Decided field by field, a line would lose its article to the record that took it out, and keep the quantity of another.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TypeAlias

from crossroads.canonical import Document
from crossroads.engine import unmapped
from crossroads.engine.echo import Held
from crossroads.engine.unmapped import Words
from crossroads.engine.weighing import Source
from crossroads.mapping import Lens

Choose: TypeAlias = Callable[[list[str], Sequence[Source]], Source]
"""Returns whose word counts of those that say something of some fields."""
_LISTS = attrgetter("lists")


def agreed(sources: Sequence[Source], choose: Choose) -> Sequence[Source]:
    """Return the sources without the items that are taken out, and without the words of those that took one out in vain.

    Who has a field of an item from us only, cannot keep it there: it says no more than a part of it.
    """
    if not any(map(_LISTS, sources)):
        return sources
    taken = {source.id: _taken(source) for source in sources}
    silent: dict[str, set[str]] = {}
    for item in sorted(set().union(*taken.values())):
        words = {source.id: _inside(item, source) for source in sources}
        saying = [source for source in sources if words[source.id]]
        # Where a record has it in a field of its own, it is no item of a list but a field that was emptied.
        if any(item.partition(".")[0] not in source.lists for source in saying):
            continue
        left = [source for source in saying if item not in taken[source.id] | source.lent]
        paths = sorted(set().union(*words.values()))
        stays = bool(left) and choose(paths, saying) in left
        for source in saying:
            if not stays or source not in left:
                silent.setdefault(source.id, set()).update(words[source.id])
    return [_without(source, silent[source.id]) if source.id in silent else source for source in sources]


def staying(lens: Lens, document: Document, held: Held, words: Words) -> list[str]:
    """Return the items of a target's record that are golden no more: nothing is sent of them, and nothing takes them out."""
    there = lens.items(
        path
        for path, value in held.holds.items()
        if value is not None and lens.writes(path) and not unmapped.stays(held, path, words)
    )
    return sorted(there - lens.items(document)) if there else []


def _taken(source: Source) -> set[str]:
    """Return the items that a record has taken out of its lists: nothing is left of them."""
    if not source.lists:
        return set()
    said = {path: value for path, value in source.said.items() if path.partition(".")[0] in source.lists}
    return {_item(path) for path in said} - {_item(path) for path, value in said.items() if value is not None}


def _inside(item: str, source: Source) -> list[str]:
    return [path for path in source.said if _item(path) == item]


def _item(path: str) -> str:
    return path.rpartition(".")[0]


def _without(source: Source, paths: set[str]) -> Source:
    return source._replace(said={path: value for path, value in source.said.items() if path not in paths})
