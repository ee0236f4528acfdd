"""Writes the Python source that reads a whole list of records by one mapping, and turns it into a function.

It runs once per field of every record of every system, so it is unrolled: no loop over fields, no path
parsed, each place looked up once a record. `Lens.source` shows what was generated.
"""

import linecache
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from crossroads.canonical import Document
from crossroads.errors import RecordRejected
from crossroads.mapping.codecs import SetAside
from crossroads.mapping.items import keyless, labelled
from crossroads.mapping.lines import Compiled, ItemList, Line, Notice
from crossroads.mapping.paths import MISSING, Spot, Target, unsure
from crossroads.mapping.speaking import speaker
from crossroads.records import Record

Read: TypeAlias = Callable[[Sequence[Record], list[Notice]], list[Document | RecordRejected]]


def reader(mapping: Compiled) -> tuple[Read, str]:
    """Return the reading function of a mapping and its source."""
    text = _Text(mapping)
    source = text.written()
    file = f"<lens {mapping.name} {mapping.version}>"
    names: dict[str, Any] = text.names
    exec(compile(source, file, "exec"), names)  # noqa: S102 - our own generator; names in it are repr()s
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    read: Read = names["read"]
    return read, source


class _Text:
    """The generated source, and the names it uses."""

    def __init__(self, mapping: Compiled) -> None:
        self.mapping = mapping
        self.rows: list[str] = []
        self.names: dict[str, Any] = {"M": MISSING, "RecordRejected": RecordRejected, "unsure": unsure}
        self.names["failed"] = _failed(mapping.key)
        self.places: dict[str, str] = {}
        self.codecs = 0

    def say(self, depth: int, *rows: str) -> None:
        """Add rows at a depth of indentation."""
        self.rows += [f"{'    ' * depth}{row}" for row in rows]

    def written(self) -> str:
        """Return the source of `read`."""
        lines = [line for line in self.mapping.lines if line.flow != "out"]
        lists = [items for items in self.mapping.lists if items.flow != "out"]
        self.say(0, "def read(records, notices):")
        self.say(1, "out = []", "for r in records:")
        self.say(2, f"d = {dict(self.mapping.constants)!r}", "bad = None", "try:")
        for spot in self._needed(lines):
            self._place(spot)
        for when in dict.fromkeys([None, *(line.when for line in lines)]):
            if when:
                self.say(3, f"if d.get('kind') == {when!r}:")
            for line in lines:
                if line.when == when:
                    self._line(4 if when else 3, line, repr(line.path), "r", self.places)
        for items in lists:
            self._items(items)
        self.say(3, "pass")
        self.say(2, "except Exception as e:", "    bad = failed(e, None, bad, notices, r)")
        self.say(2, "out.append(d if bad is None else RecordRejected(*bad))")
        self.say(1, "return out")
        return "\n".join(self.rows) + "\n"

    def _needed(self, lines: list[Line]) -> list[Spot]:
        used = {target.place for line in lines for target in (*line.targets, *line.sources)}
        spots = self.mapping.spots
        for spot in reversed(spots.values()):
            if spot.name in used:
                used.add(spot.within)
        return [spot for spot in spots.values() if spot.name in used]

    def _place(self, spot: Spot) -> None:
        name = self.places[spot.name] = f"p{len(self.places)}"
        self.say(3, f"# place {spot.name}")
        self._get(3, name, Target(spot.within, spot.at), "r", self.places)
        place = spot.place
        if place.list:
            self.say(3, f"if {name}.__class__ is list:")
            if place.pick:
                test = " and ".join(f"i.get({key!r}) == {value!r}" for key, value in place.pick.items())
                self.say(4, f"for i in {name}:", f"    if {test}:", f"        {name} = i", "        break")
                self.say(4, "else:", f"    {name} = M if unsure({name}, {place.pick!r}) else None")
            else:
                self.say(4, f"{name} = {name}[0] if {name} else None")
            self.say(3, f"elif {name} is not None and {name} is not M:")
        else:
            self.say(3, f"if {name}.__class__ is not dict and {name} is not None and {name} is not M:")
        self.say(4, f"bad = failed(TypeError(), {f'place {spot.name}'!r}, bad, notices, r)", f"{name} = M")

    def _get(self, depth: int, name: str, target: Target, root: str, places: Mapping[str, str]) -> None:
        first, *rest = target.way
        if target.place is None:
            self.say(depth, f"{name} = {root}.get({first!r}, M)")
        else:
            place = places[target.place]
            self.say(depth, f"{name} = {place}.get({first!r}, M) if {place}.__class__ is dict else {place}")
        for step in rest:
            self.say(depth, f"if {name}.__class__ is dict:", f"    {name} = {name}.get({step!r}, M)")
            self.say(depth, f"elif {name} is not None:", f"    {name} = M")

    def _line(self, depth: int, line: Line, path: str, root: str, places: Mapping[str, str]) -> None:
        names = [f"v{i}" for i in range(len(line.targets))]
        besides = [f"w{i}" for i in range(len(line.sources))]
        for name, target in zip(names + besides, line.targets + line.sources, strict=True):
            self._get(depth, name, target, root, places)
        self.say(depth, f"if {' and '.join(f'{name} is not M' for name in names)}:")
        codec = f"c{self.codecs}"
        self.codecs += 1
        self.names[codec] = line.codec.reader()
        if len(names) == 1 and not besides:
            read = f"{codec}(v0)"
            if line.codec.inline:
                read = f"{line.codec.inline.format(v='v0')} if v0.__class__ is str else {read}"
        else:
            clean = [f"None if {name} is M else {name}" for name in besides]
            read = f"{codec}({', '.join(names + clean)})"
        self.say(depth + 1, "try:", f"    d[{path}] = {read}")
        self.say(depth + 1, "except Exception as e:", f"    bad = failed(e, {path}, bad, notices, r)")
        if len(names) > 1:
            self.names[f"half_{codec}"] = _half(line)
            self.say(depth, f"elif {' or '.join(f'{name} is not M' for name in names)}:")
            self.say(depth + 1, f"bad = failed(half_{codec}, {path}, bad, notices, r)")

    def _items(self, items: ItemList) -> None:
        self.say(3, f"# items {items.name}")
        self._get(3, "ls", Target(None, items.at), "r", {})
        self.names |= {f"key_{items.name}": labelled(items), f"keyless_{items.name}": keyless(items)}
        self.names[f"unkeyed_{items.name}"] = _unkeyed(items)
        self.say(3, f"if ls.__class__ is list and ls and keyless_{items.name}(ls):")
        self.say(4, f"bad = failed(unkeyed_{items.name}, {items.name!r}, bad, notices, r)")
        self.say(3, "elif ls.__class__ is list:", "    seen = {}", "    for i in ls:")
        self.say(5, f"x = {f'{items.name}.'!r} + key_{items.name}(i, seen) + '.'")
        for line in items.lines:
            if line.flow != "out":
                self._line(5, line, f"x + {line.path!r}", "i", {})
        self.say(3, "elif ls is not None and ls is not M:")
        self.say(4, f"bad = failed(TypeError(), {f'items {items.name}'!r}, bad, notices, r)")


def _half(line: Line) -> SetAside:
    """Return why a line is not read of which a field is not sent: half a street would replace the whole one elsewhere."""
    fields = (".".join((*([target.place] if target.place else ()), *target.way)) for target in line.targets)
    return SetAside(f"is said in {', '.join(fields)}, and one of them is not sent")


def _unkeyed(items: ItemList) -> SetAside:
    """Return why a list is not read whose items do not tell their key: each would be taken for another one."""
    key = ".".join(items.key.targets[0].way)
    return SetAside(
        f"cannot be told apart: no item of {'.'.join(items.at)} shows {key}; say in the mapping what their key is now"
    )


def _failed(key: Line) -> Callable[..., list[str] | None]:
    """Return what notes a failure: a notice for a field set aside, a reason for a rejected record."""
    speak = speaker(key)

    def failed(
        error: Exception, path: str | None, bad: list[str] | None, notices: list[Notice], record: Record
    ) -> list[str] | None:
        if isinstance(error, SetAside) and path:
            notices.append(Notice(_keyed(speak, record), path, f"{path} {error}"))
            return bad
        if isinstance(error, RecordRejected):
            reasons = [f"{path} {reason}" for reason in error.reasons]
        else:
            # The message of a foreign exception may carry the value: its type alone is told.
            what = path or "the record"
            reasons = [f"{what} does not have the shape the mapping expects ({type(error).__name__})"]
        return [*(bad or ()), *reasons]

    return failed


def _keyed(speak: Callable[[Record], Any], record: Record) -> str:
    try:
        said = speak(record)
    except (SetAside, RecordRejected):
        return ""
    return said if isinstance(said, str) else ""
