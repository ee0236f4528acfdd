"""Reads single lines of single records: keys, change times, and what a draft would say."""

from collections.abc import Callable
from typing import Any

from crossroads.mapping.lines import Line
from crossroads.mapping.paths import MISSING, Target, look
from crossroads.records import Record


def spoken(line: Line, at: Callable[[Target], Any]) -> Any:
    """Return the canonical value of one line of one record; MISSING where one of its fields is: half of it is no value."""
    remote = [at(target) for target in line.targets]
    if any(value is MISSING for value in remote):
        return MISSING
    remote += [at(target) for target in line.sources]
    return line.codec.read(*(None if value is MISSING else value for value in remote))


def speaker(line: Line) -> Callable[[Record], Any]:
    """Return what reads one line that needs no places, quickly: keys and change times are asked of every record."""
    read = line.codec.reader()
    ways, count = [target.way for target in (*line.targets, *line.sources)], len(line.targets)
    if len(ways) == 1 and len(ways[0]) == 1:
        (name,) = ways[0]
        return lambda record: read(record.get(name))

    def speaking(record: Record) -> Any:
        remote = [record.get(way[0], MISSING) if len(way) == 1 else look(record, way) for way in ways]
        if MISSING in remote[:count]:
            return None
        return read(*[None if value is MISSING else value for value in remote])

    return speaking
