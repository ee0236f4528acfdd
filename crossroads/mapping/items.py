"""The items of a record's lists: what each is called, and which of those that were there are in the list no more."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from crossroads.canonical import Document
from crossroads.errors import RecordRejected
from crossroads.mapping.codecs import SetAside
from crossroads.mapping.lines import ItemList
from crossroads.mapping.paths import MISSING, label, look
from crossroads.mapping.speaking import spoken
from crossroads.records import Record


def labelled(items: ItemList) -> Callable[[Record, dict[str, int]], str]:
    """Return what gives each item of one list its label, as the key's codec reads the key."""

    def labelling(item: Record, seen: dict[str, int]) -> str:
        said = _key(items, item)
        return label(said if isinstance(said, str) else None, seen)

    return labelling


def keyless(items: ItemList) -> Callable[[Sequence[Any]], bool]:
    """Return what tells of a list whether none of its items shows a key: then nobody knows which is which."""
    return lambda listed: all(isinstance(item, dict) and _key(items, item) is MISSING for item in listed)


def grouped(items: ItemList, document: Document) -> dict[str, Document]:
    """Return the items of one list in a document: label -> field -> value."""
    start = f"{items.name}."
    found: dict[str, Document] = {}
    for path, value in document.items():
        if path.startswith(start):
            label, _, name = path[len(start) :].rpartition(".")
            found.setdefault(label, {})[name] = value
    return found


def vanished(items: ItemList, record: Record, held: Iterable[str]) -> list[str]:
    """Return the paths that are held of items which the record's list shows no more.

    None has vanished while the list is not shown, or one of its items does not show its key: it may be that one.
    """
    start = f"{items.name}."
    paths = [path for path in held if path.startswith(start)]
    listed = look(record, items.at) if paths else None
    if not isinstance(listed, list) or any(_key(items, item) is MISSING for item in listed):
        return []
    name, seen = labelled(items), dict[str, int]()
    there = {name(item, seen) for item in listed}
    return [path for path in paths if path[len(start) :].rpartition(".")[0] not in there]


def _key(items: ItemList, item: Any) -> Any:
    """Return the key of an item; MISSING where it is not sent, or nobody can read it."""
    try:
        return spoken(items.key, lambda target: look(item, target.way))
    except (SetAside, RecordRejected):
        return MISSING
