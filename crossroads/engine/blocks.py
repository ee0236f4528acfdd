"""Records that their system locks, or hides at the end of their purpose: what is kept of them, and what they say meanwhile."""

from collections.abc import Sequence

from crossroads.canonical import Document
from crossroads.engine import echo
from crossroads.engine.echo import Held, Together
from crossroads.records import Record


def lock(record: Record, fields: Sequence[str]) -> str | None:
    """Return the first of the fields that lock a record and do."""
    for name in fields:
        if record.get(name):
            return name
    return None


def silenced(before: Held | None, document: Document, changed_at: str | None, seen_at: str) -> Held:
    """Return what is kept of a record while it is blocked: what it said before, and nothing new.

    One never seen before says nothing of its own. Whose it is has to be known all the same, or it would be made again.
    """
    if before is not None:
        return before
    found = echo.heard(None, document, changed_at, seen_at, lambda path: None)
    return found._replace(echo={path: [value, value] for path, value in found.holds.items()})


def released(
    before: Held, document: Document, changed_at: str | None, seen_at: str, together: Together
) -> Held:
    """Return what is true of a record that is blocked no more: what changed meanwhile is news, all of it if it never spoke."""
    if before.own or any(len(ours) > 2 for ours in before.echo.values()):
        return echo.heard(before, document, changed_at, seen_at, together)
    return echo.heard(None, document, changed_at, seen_at, together)._replace(id=before.id)
