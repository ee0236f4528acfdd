"""A person's decision about one field: whose word is right, until somebody whose word it weighed says something new."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import orjson

from crossroads.engine.weighing import Source


class Decision(NamedTuple):
    """One record is right about a field, or a group that is decided together; `known` is what every record said then."""

    record: str
    path: str
    known: Mapping[str, str]
    at: str
    actor: str
    why: str

    def holds(self, sources: Sequence[Source], paths: Sequence[str]) -> bool:
        """Tell whether the decision still stands among these records: none said something new since.

        A record weighed then is compared by what it says and when it said so, which no clock can spoil; one that came later
        counts if it spoke later.
        """
        for source in sources:
            said = mark(source, paths)
            if said is None:
                continue
            if source.address in self.known:
                if said != self.known[source.address]:
                    return False
            elif max(source.at(path) for path in paths if path in source.said) > self.at:
                return False
        return any(source.address == self.record and mark(source, paths) for source in sources)


def mark(source: Source, paths: Sequence[str]) -> str | None:
    """Return a digest of what a record says of some fields and since when; None if it says nothing."""
    words = [[path, source.said[path], source.at(path)] for path in sorted(paths) if path in source.said]
    return blake2b(orjson.dumps(words), digest_size=16).hexdigest() if words else None


def ruling(
    decisions: Mapping[str, Sequence[Decision]], unit: str, sources: Sequence[Source], paths: Sequence[str]
) -> Source | None:
    """Return the record that a person's last decision about a field makes right, if one stands; `decisions` by record."""
    standing = [
        (decision.at, source.address, source)
        for source in sources
        for decision in decisions.get(source.address, ())
        if decision.path == unit and decision.holds(sources, paths)
    ]
    return max(standing, key=lambda one: one[:2])[2] if standing else None
