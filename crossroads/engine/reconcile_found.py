"""What a comparison found: the things that differ, the counts of each stream, and one line that says whether all agree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

KINDS = ("missed", "stale", "vanished", "drift", "missing", "orphan", "doubled")
"""What can differ; each may be followed in the table `drift` by record or profile."""

COUNTS = ("there", "known", "same", "touched", "busy", "aside", "unproved", *KINDS)
"""The counts of a stream, in the order in which they are shown."""

PERSONS = {"customer": "persons", "order": "orders", "interaction": "interactions"}
STORE = "store"
"""The stream name of what belongs to no system: rows of the store that nothing points to."""


class Found(NamedTuple):
    """One thing that differs: a record by its key, or a profile where there is no record."""

    kind: str
    name: str
    profile: str | None = None
    fields: Sequence[str] = ()
    why: str = ""
    digest: str = ""

    @property
    def disagrees(self) -> bool:
        """Tell whether systems disagree by it.

        Two records of one person may well say the same. What vanished from a stream whose absences mean nothing may
        be blocked, or older than what the system lists.
        """
        return self.kind != "doubled" and not (self.kind == "vanished" and self.why == "none")


@dataclass(slots=True)
class Stream:
    """How one stream compares: its counts; why it could not be asked; why its listing proves no absence."""

    connection: str
    stream: str
    counts: Counter[str] = field(default_factory=Counter)
    against: Counter[str] = field(default_factory=Counter)
    error: str | None = None
    doubt: str | None = None
    deletes: str = "none"

    @property
    def name(self) -> str:
        """Return `connection.stream`; of the store itself, its name."""
        return f"{self.connection}.{self.stream}" if self.connection else self.stream

    def note(self, found: Sequence[Found]) -> None:
        """Count what was found."""
        self.counts.update(one.kind for one in found)
        self.against.update(one.kind for one in found if one.disagrees)

    def told(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {
            "counts": {name: self.counts[name] for name in COUNTS},
            "disagrees": dict(self.against),
            "error": self.error,
            "proves_no_absence": self.doubt,
            "deletes": self.deletes,
        }


@dataclass(slots=True)
class Report:
    """What one comparison of one sync came to; `repaired` is how many of the things found are right now, after a repair."""

    id: str
    sync: str
    entity: str
    at: str
    streams: list[Stream] = field(default_factory=list)
    profiles: int = 0
    repaired: int | None = None
    problems: str | None = None

    @property
    def agrees(self) -> bool | None:
        """Tell whether all systems agree; None if those that could be asked do."""
        if any(stream.against for stream in self.streams):
            return False
        return None if any(stream.error for stream in self.streams) else True

    @property
    def found(self) -> int:
        """Return how many things make systems disagree."""
        return sum(stream.against.total() for stream in self.streams)

    def told(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {
            "id": self.id, "sync": self.sync, "entity": self.entity, "at": self.at, "agrees": self.agrees,
            "profiles": self.profiles, "repaired": self.repaired, "problems": self.problems,
            "streams": {stream.name: stream.told() for stream in self.streams},
        }  # fmt: skip


def line(reports: Sequence[Report]) -> str:
    """Say in one line whether all systems agree, and where not.

    >>> report = Report("1", "customers", "customer", "2026-11-25T14:02:00.000000Z", [Stream("crm", "contacts")], 2143)
    >>> line([report])
    'The 1 system asked agrees on 2,143 persons, checked 14:02 UTC.'
    >>> line([Report("1", "customers", "customer", "", [Stream("crm", "a"), Stream("erp", "b")], 0)])
    'All 2 systems agree on 0 persons.'
    """
    streams = [stream for report in reports for stream in report.streams]
    systems = dict.fromkeys(stream.connection for stream in streams if stream.connection)
    silent = dict.fromkeys(stream.connection for stream in streams if stream.error)
    told = []
    if wrong := [stream for stream in streams if stream.against]:
        apart = dict.fromkeys(stream.connection for stream in wrong if stream.connection)
        where = "; ".join(f"{stream.name}: {_counted(stream.against)}" for stream in wrong)
        who = f"{len(apart)} of {_systems(len(systems))} {_verb('disagree', len(apart))}"
        told.append(f"{who if apart else 'The store does not agree with itself'}: {where}")
    if silent:
        told.append(f"{len(silent)} of {_systems(len(systems))} could not be asked: {', '.join(silent)}")
    if not told:
        counts: Counter[str] = Counter()
        for report in reports:
            counts[report.entity] += report.profiles
        *others, last = [f"{count:,} {PERSONS[entity]}" for entity, count in counts.items()]
        what = f"{', '.join(others)} and {last}" if others else last
        who = f"All {len(systems)} systems agree" if len(systems) > 1 else "The 1 system asked agrees"
        told.append(f"{who} on {what}")
    at = max((report.at for report in reports), default="")
    return f"{'. '.join(told)}{f', checked {at[11:16]} UTC' if at else ''}."


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind])


def _systems(count: int) -> str:
    return f"{count} system{'' if count == 1 else 's'}"


def _verb(verb: str, count: int) -> str:
    return f"{verb}{'s' if count == 1 else ''}"
