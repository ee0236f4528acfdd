"""What a contribution says itself, kept apart from what came from us.

When we write a value into a system it will come back at the next read, perhaps trimmed or in capitals. It is
not the system's own word until the system changes it: counted as such, it would replace what the system had
said, no merge could be undone, and "newest" would choose our own echo.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from crossroads.canonical import Document
from crossroads.engine.spelling import alike
from crossroads.plan import Member
from crossroads.store.clock import later
from crossroads.store.session import Lookup
from crossroads.store.tables import Contribution

Together = Callable[[str], str | None]
"""Names the group of fields that a field is decided with, if any."""
LABELLED, MOST = 2, 20
"""Dots in the path of a labelled thing (emails.main.address), of which a union has to know what was replaced; and how often."""


class Held(NamedTuple):
    """One contribution's fields: what the system holds, what it said before we wrote, what we wrote, and since when."""

    id: str
    holds: Document
    said: Document
    echo: dict[str, list[Any]]
    since: dict[str, str]
    said_at: str
    changed_at: str | None
    dirty: int = 0
    differs: bool = False
    replaced: Mapping[str, Sequence[Any]] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"Held({self.id})"

    @property
    def own(self) -> Document:
        """What the system itself says: its present values, and for those that came from us what it had said before."""
        return (
            {path: value for path, value in self.holds.items() if path not in self.echo} | self.said
            if self.echo
            else self.holds
        )

    def told(self, document: Document, changed_at: str | None, seen_at: str, together: Together) -> "Held":
        """Return what is true after the system shows `document`; `differs` if it says something of its own anew.

        Who changes one field of an address says the whole address as it then stands, the fields that came from us included:
        `together` names the group of a path.

        An absent path is not a change. A value that differs from the last one is, and its time is the
        record's own if that moved on, else the time we saw it: a record's date does not move with every
        field, and clocks go back; nor was anything said later than we saw it. Who changes a value has seen
        it, be it ours or an earlier one of the system: whatever the clocks say, the change is later than
        the value. How a value of ours looks there is learnt at first sight, if the answer to our write did
        not show it; one that is empty then was not taken, nobody cleared it.
        """
        moved = bool(changed_at and (self.changed_at is None or changed_at > self.changed_at))
        time = min(changed_at, seen_at) if moved and changed_at else seen_at
        holds, said, echo, since = dict(self.holds), dict(self.said), dict(self.echo), dict(self.since)
        differs, replaced = False, self.replaced
        groups = set()
        for path, value in document.items():
            unseen = path in echo and echo[path][1] is None
            if value == holds.get(path):
                if unseen:
                    echo[path] = [echo[path][0], value, *echo[path][2:]]
                continue  # also an empty field that was never filled: that is no clearing
            if unseen and (value is None or alike(value, echo[path][0])):
                echo[path] = [echo[path][0], value, *echo[path][2:]]
            else:
                ours = echo.pop(path, None)
                since[path] = _behind(ours, since.get(path, self.said_at), time)
                if path.count(".") == LABELLED:
                    replaced = _with(
                        replaced, path, {holds.get(path), ours and ours[0]} - {None, value}, since[path]
                    )
                said.pop(path, None)
                differs = True
                groups.add(together(path))
            holds[path] = value
        for path in [path for path in echo if together(path) in groups - {None}]:
            # Said as we wrote it, not as the system spells it; ours it stays, so that its spelling is no edit.
            ours = echo[path]
            since[path] = _behind(ours, since.get(path, self.said_at), time)
            if alike(holds[path], ours[0]) or (holds[path] is None and len(ours) > 2):
                said[path] = ours[0]
            else:
                echo.pop(path)
                said.pop(path, None)
        return Held(self.id, holds, said, echo, since, self.said_at, max(changed_at or "", self.changed_at or "") or None,
                    self.dirty, differs, replaced)  # fmt: skip

    def wrote(
        self,
        values: Document,
        shown: Document | None,
        *,
        made: bool = False,
        times: Mapping[str, str] | None = None,
    ) -> "Held":
        """Return what is true after we wrote `values`; `shown` is the record as the system then showed it, if it did.

        `times` says when the values were said, where they come from.

        A value the system shows as empty is one it does not take: nobody cleared it. Of a record we `made`,
        what was read meanwhile and is as we wrote it was never the system's own word.
        """
        holds, said, echo = dict(self.holds), dict(self.said), dict(self.echo)
        for path, value in values.items():
            if path not in echo and path in holds and not (made and alike(holds[path], value)):
                said[path] = holds[path]
            seen = value if shown is None else shown.get(path, value)
            said_at = (times or {}).get(path)
            echo[path] = [value, None if shown is None else shown.get(path), *([said_at] if said_at else [])]
            holds[path] = seen
        return self._replace(holds=holds, said=said, echo=echo, differs=False)

    def arrived(self, values: Document, shown: Document) -> "Held":
        """Return what is true if a write of `values`, of which no answer came, is what the system shows now.

        Taken for the system's own word instead, it would outlive the word it was written for.
        """
        ours = {
            path: value
            for path, value in values.items()
            if shown.get(path) != self.holds.get(path) and alike(shown.get(path), value)
        }
        return self.wrote(ours, shown) if ours else self

    def means(self, path: str, value: Any) -> bool:
        """Tell whether the system already says `value`, if only in its own spelling of what we wrote."""
        if (
            path in self.echo
            and self.echo[path][0] == value
            and self.echo[path][1] in (None, self.holds.get(path))
        ):
            return True
        return bool(self.holds.get(path) == value)

    def row(self) -> tuple[Any, ...]:
        """Return the columns holds, said, echo, since, said_at, changed_at, replaced."""
        return (_text(self.holds), _text(self.said) if self.echo else None, _text(self.echo) if self.echo else None,
                _text(self.since) if self.since else None, self.said_at, self.changed_at,
                _text(self.replaced) if self.replaced else None)  # fmt: skip


def _behind(echoed: Sequence[Any] | None, own: str, time: str) -> str:
    """Return the time of a change, at least a moment later than what it replaced: a value of ours, or the record's own."""
    former = max(own, echoed[2]) if echoed is not None and len(echoed) > 2 else own
    return time if time > former else later(former, 1e-6)


def heard(
    before: Held | None, document: Document, changed_at: str | None, seen_at: str, together: Together
) -> Held:
    """Return what is true after a system showed `document`; of a record never seen, all of it is its own word."""
    if before is not None:
        return before.told(document, changed_at, seen_at, together)
    holds = {path: value for path, value in document.items() if value is not None}
    return Held("", holds, {}, {}, {}, min(changed_at or seen_at, seen_at), changed_at, 1, True)


def _with(
    replaced: Mapping[str, Sequence[Any]], path: str, values: Iterable[Any], time: str
) -> Mapping[str, Sequence[Any]]:
    """Add values that a system shows no more, and since when; of what was edited over and over, the last are kept."""
    anew = {*values}
    former = (entry for entry in replaced.get(path, ()) if entry[0] not in anew)
    more = [*former, *([value, time] for value in sorted(anew, key=str))]
    return {**replaced, path: more[-MOST:]}


COLUMNS = ("id", "holds", "said", "echo", "since", "said_at", "changed_at", "dirty", "replaced")
_held = Lookup(Contribution, ("key", *COLUMNS), "key", within=("connection", "stream"))


def read(row: Sequence[Any]) -> Held:
    """Build a Held from a row of COLUMNS."""
    identity, holds, said, echo, since, said_at, changed_at, dirty, replaced = row
    return Held(identity, orjson.loads(holds), orjson.loads(said) if said else {}, orjson.loads(echo) if echo else {},
                orjson.loads(since) if since else {}, said_at, changed_at, dirty, False,
                orjson.loads(replaced) if replaced else {})  # fmt: skip


def held(db: Connection, member: Member, keys: Sequence[str]) -> dict[str, Held]:
    """Return the contributions with these keys."""
    return {row[0]: read(row[1:]) for row in _held(db, keys, member.connection, member.stream)}


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
