"""What the records of targets will be told of a golden record as it will be."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crossroads.canonical import Document
from crossroads.engine.settle import Part, unsaid
from crossroads.engine.workspace import Workspace


class Effect(NamedTuple):
    """What one record of a target will be told: which field, what it says now, and what it shall say."""

    record: str
    path: str
    now: Any
    then: Any

    def __repr__(self) -> str:
        return f"Effect({self.record}, {self.path})"


def effects(
    ws: Workspace, entity: str, parts: Sequence[Part], document: Document, contested: set[str]
) -> Iterator[Effect]:
    """Yield what each record of a profile that may be written to will be told."""
    targets = {(m.connection, m.stream) for m in ws.members(entity) if m.write}
    for part in parts:
        if part.silent or (part.connection, part.stream) not in targets:
            continue
        lens = ws.lens(part.connection, part.stream)
        for path, value in sorted(unsaid(part, lens, document, contested).items()):
            yield Effect(part.address, path, part.held.holds.get(path), value)
