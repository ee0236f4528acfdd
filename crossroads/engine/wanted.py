"""What a target's record should say of the golden values, and what of that it does not say."""

from collections.abc import Collection

from crossroads.canonical import Document
from crossroads.engine import unmapped
from crossroads.engine.echo import Held
from crossroads.engine.parts import Part, addressed
from crossroads.engine.unmapped import NOTHING, Words
from crossroads.mapping import Lens


def wanted(
    lens: Lens,
    document: Document,
    held: Held | None,
    contested: Collection[str] = frozenset(),
    words: Words = NOTHING,
) -> Document:
    """Return what a target's record should say: the golden values, and nothing where ours is golden no more.

    A value of another person's, written while the two were taken for one, must not stay behind. While a person is asked,
    what a record says itself is not written over. Of a list item that is golden no more nothing is said (`staying`), nor of a
    value that only lost its line in a mapping: `words` are those that did.
    """
    writes = lens.writes
    found = {path: value for path, value in document.items() if writes(path)}
    if contested and held is not None:
        own = held.own
        found = {path: value for path, value in found.items() if path not in contested or path not in own}
    if held is not None and held.echo:
        lost = held.echo.keys() - document.keys() - lens.references.keys()
        ours = {path for path in lost if not unmapped.stays(held, path, words)}
        items = {None, *lens.items(document)} if ours else {None}
        found |= {path: None for path in ours if writes(path) and lens.item(path) in items}
    return found


def unsaid(
    part: Part,
    lens: Lens,
    document: Document,
    contested: Collection[str] = frozenset(),
    words: Words = NOTHING,
) -> Document:
    """Return what a target's record should say of the golden values and does not; a reference counts by its address."""
    holds, means = addressed(part, lens, part.held.holds), part.held.means
    return {
        path: value
        for path, value in wanted(lens, document, part.held, contested, words).items()
        if holds.get(path) != value and (path in lens.references or not means(path, value))
    }
