"""Whose word weighs most, of those that say something of one field: by its rule, and ties by record address."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from crossroads.canonical import Document


class Rule(BaseModel):
    """How one field's winner is chosen; `separator` is what a union of texts is split and joined by."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rule: Literal["newest", "ranked", "most_complete", "longest_standing", "union", "ask"]
    systems: tuple[str, ...] = ()
    separator: str | None = None


class Source(NamedTuple):
    """What one contribution said itself, and when.

    `lists` are the names of the lists it reads, `lent` the items in them of which it has a field from us only; `replaced` is
    what its system showed in a labelled field before, and until when.
    """

    id: str
    address: str
    system: str
    mapping: str
    said: Document
    said_at: str
    since: Mapping[str, str] = MappingProxyType({})
    readable: frozenset[str] = frozenset()
    gone: bool = False
    lists: frozenset[str] = frozenset()
    lent: frozenset[str] = frozenset()
    replaced: Mapping[str, Sequence[Any]] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"Source({self.address})"

    def at(self, path: str) -> str:
        """Return when the value of a path was said."""
        return self.since.get(path, self.said_at)


class Won(NamedTuple):
    """Why a value is golden: the contribution, the rule, the time it was said, the mapping version that read it."""

    contribution: str
    rule: str
    at: str
    mapping: str


def best(rule: Rule, path: str, saying: Sequence[Source]) -> Source:
    """Return the source whose value of a path wins, of those that say one."""
    match rule.rule:
        case "newest" | "union":
            return max(saying, key=lambda s: (s.at(path), s.address))
        case "ranked":
            return max(saying, key=lambda s: (-_rank(rule, s), s.at(path), s.address))
        case "most_complete":
            return max(saying, key=lambda s: (len(str(s.said[path] or "")), s.at(path), s.address))
        case "longest_standing" | "ask":
            return min(saying, key=lambda s: (s.at(path), s.address))


def best_of_group(rule: Rule, paths: Sequence[str], sources: Sequence[Source]) -> Source:
    """Return the source that speaks for a whole group of fields."""
    saying = [s for s in sources if not s.said.keys().isdisjoint(paths)]
    if len(saying) == 1:
        return saying[0]
    at = partial(last, paths=paths)

    match rule.rule:
        case "newest" | "union":
            return max(saying, key=lambda s: (at(s), s.address))
        case "ranked":
            return max(saying, key=lambda s: (-_rank(rule, s), at(s), s.address))
        case "most_complete":
            return max(
                saying, key=lambda s: (sum(s.said.get(p) is not None for p in paths), at(s), s.address)
            )
        case "longest_standing" | "ask":
            return min(saying, key=lambda s: (at(s), s.address))


def last(source: Source, paths: Sequence[str]) -> str:
    """Return when a source last said something of these fields; empty if it says nothing of them."""
    said, since, said_at = source.said, source.since, source.said_at
    return max([since.get(path, said_at) for path in paths if path in said], default="")


def _rank(rule: Rule, source: Source) -> int:
    return rule.systems.index(source.system) if source.system in rule.systems else len(rule.systems)


def differ(paths: Sequence[str], sources: Sequence[Source]) -> bool:
    """Tell whether records that say something of these fields say different things of them."""
    words = [
        [source.said.get(path) for path in paths]
        for source in sources
        if not source.said.keys().isdisjoint(paths)
    ]
    return any(word != words[0] for word in words)
