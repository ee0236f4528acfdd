"""What has to come first: computed from the references that the mappings make, never fixed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import NamedTuple

from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, CrossroadsError
from crossroads.plan import Plan


class Need(NamedTuple):
    """A field of a stream's records that names a record of another stream of the same connection."""

    stream: str
    path: str
    of: str
    required: bool


def needs(ws: Workspace) -> list[Need]:
    """Return what the streams of all syncs need of each other, as their mappings say; one that does not load says nothing."""
    found = []
    for connection, stream in ws.entities:
        with suppress(CrossroadsError):
            for path, reference in ws.lens(connection, stream).references.items():
                named = f"{connection}.{reference.stream}"
                found.append(Need(f"{connection}.{stream}", path, named, reference.required))
    return found


def ordered(ws: Workspace) -> list[Plan]:
    """Return the syncs so that each comes after those it refers to; where they refer to each other, after those it needs."""
    plans = {plan.sync: plan for plan in ws.plans}
    sync_of = {member.name: plan.sync for plan in ws.plans for member in plan.between}
    for only_required in (False, True):
        graph: dict[str, set[str]] = {sync: set() for sync in sorted(plans)}
        for need in needs(ws):
            before = sync_of.get(need.of)
            if before not in (None, sync_of[need.stream]) and (need.required or not only_required):
                graph[sync_of[need.stream]].add(str(before))
        with suppress(CycleError):
            return [plans[sync] for sync in _sorted(graph)]
    return [plans[sync] for sync in sorted(plans)]


def check(ws: Workspace) -> None:
    """Raise ConfigError if records of some streams would wait for ever: for each other, or for what no sync reads."""
    required = [need for need in needs(ws) if need.required and need.of != need.stream]
    graph: dict[str, set[str]] = {}
    for need in required:
        graph.setdefault(need.stream, set()).add(need.of)
    try:
        _sorted(graph)
    except CycleError as error:
        # Each node of the circle precedes the next; said the other way round, each needs the next.
        way: list[str] = list(reversed(error.args[1]))
        told = ", ".join(_said(required, one, other) for one, other in pairwise(way))
        raise ConfigError(
            f"The mappings need each other in a circle, so that none of these records could ever come first: {told}. "
            "Say `required: false` where a record can be made without the other."
        ) from None
    read = {member.name for plan in ws.plans for member in plan.between if member.read or member.write}
    unread = [f"{need.stream} needs {need.of} ({need.path})" for need in required if need.of not in read]
    if unread:
        raise ConfigError(
            f"No sync names what others need, so that their records would wait for ever: {', '.join(unread)}. "
            "Add the stream to a sync, or say `required: false` in the mapping."
        )


def _said(required: Iterable[Need], one: str, other: str) -> str:
    path = next(need.path for need in required if (need.stream, need.of) == (one, other))
    return f"{one} needs {other} ({path})"


def _sorted(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the names, each after those it depends on, and by name where that leaves a choice."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        found += ready
        sorter.done(*ready)
    return found
