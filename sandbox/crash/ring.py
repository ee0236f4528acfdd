"""Three remote systems that remember, each with another way of making a create safe, and a log of all that was done in them.

`erp` refuses a second record with one own number, tells of a number that was deleted, and takes `If-Match`; `crm` can only be
searched, has no versions and keeps names in capitals; `shop` recognises a repeated request by its key and does not show what
it holds after a write.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Record = dict[str, Any]
SYSTEMS = ("erp", "crm", "shop")
SKEW = {"erp": 2.0, "crm": 0.0, "shop": -1.5}
"""By how many seconds each system's clock is ahead."""
FIELDS = ("given", "family", "mail", "mobile", "street", "city")


class Act(NamedTuple):
    """One thing that was done in a system: by whom (`people`, or an intent's id), what, to which record.

    `told` is what the system was told, `after` what it made of it; `again` marks a second delivery of one request.
    """

    system: str
    by: str
    verb: str
    key: str
    before: Record
    after: Record
    told: Record
    again: bool = False


@dataclass
class Remote:
    """One system's records, by key; `seq` grows with every change."""

    name: str
    records: dict[str, Record] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    made: int = 0


@dataclass
class Ring:
    """The systems, what was done in them, and what people will do in the middle of a run."""

    remotes: dict[str, Remote] = field(default_factory=lambda: {name: Remote(name) for name in SYSTEMS})
    acts: list[Act] = field(default_factory=list)
    seq: int = 0
    planned: list[tuple[int, str, str, Record]] = field(default_factory=list)
    asked: int = 0

    def listed(self, system: str, after: int, limit: int) -> dict[str, Any]:
        """Return one page of what changed or went after `after`, in the order of change, and how far that is."""
        remote = self.remotes[system]
        changed = [(record["seq"], key) for key, record in remote.records.items() if record["seq"] > after]
        went = [(seq, key) for key, seq in remote.gone.items() if seq > after and key not in remote.records]
        page = sorted(changed + went)[:limit]
        last = len(page) == len(changed) + len(went)
        return {
            "items": [remote.records[key] for _, key in page if key in remote.records],
            "gone": [key for _, key in page if key not in remote.records],
            "seq": page[-1][0] if page else after,
            "last": last,
            "total": len(remote.records),
        }

    def create(
        self, system: str, by: str, record: Record, key: str | None = None, *, again: bool = False
    ) -> tuple[int, Record]:
        """Make a record; return the status and what the system holds."""
        remote = self.remotes[system]
        if system == "shop" and by != "people" and by in remote.requests:
            return 200, remote.records.get(remote.requests[by], {"key": remote.requests[by]})
        if key is not None and key in remote.records:
            return 409, {"error": f"{key} exists already"}
        remote.made += 1
        key = key or f"{system}-{remote.made}"
        remote.requests[by] = key
        return 201, self._changed(system, by, "create", key, {}, record, again=again)

    def update(
        self, system: str, by: str, key: str, patch: Record, match: str | None = None, *, again: bool = False
    ) -> tuple[int, Record]:
        """Change a record; return the status and what the system holds."""
        before = self.remotes[system].records.get(key)
        if before is None:
            return 404, {"error": f"there is no {key}"}
        if match is not None and match != before["version"]:
            return 412, {"error": f"{key} has another version"}
        return 200, self._changed(system, by, "update", key, before, patch, again=again)

    def delete(self, system: str, key: str) -> None:
        """Let somebody delete a record."""
        remote = self.remotes[system]
        if key in remote.records:
            self.seq += 1
            before = remote.records.pop(key)
            remote.gone[key] = self.seq
            self.acts.append(Act(system, "people", "delete", key, before, {}, {}))

    def passed(self) -> None:
        """Let people do what they planned to do at this moment of the run."""
        self.asked += 1
        due = [plan for plan in self.planned if plan[0] <= self.asked]
        self.planned = [plan for plan in self.planned if plan[0] > self.asked]
        for _, system, key, patch in due:
            self.update(system, "people", key, patch)

    def _changed(
        self, system: str, by: str, verb: str, key: str, before: Record, patch: Record, *, again: bool
    ) -> Record:
        self.seq += 1
        held = NORMALISE[system]({**before, **patch})
        moment = datetime.now(UTC) + timedelta(seconds=SKEW[system])
        now = f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        record = {**held, "key": key, "version": f"v{self.seq}", "seq": self.seq, "changed": now}
        self.remotes[system].records[key] = record
        self.acts.append(Act(system, by, verb, key, before, record, patch, again))
        return record


def _loud(record: Record) -> Record:
    loud = {name: record[name].upper() for name in ("given", "city") if record.get(name)}
    return {**record, **loud, "initials": "".join(str(record.get(n) or "")[:1] for n in ("given", "family"))}


def _tidy(record: Record) -> Record:
    return {name: value.strip() if isinstance(value, str) else value for name, value in record.items()}


NORMALISE: dict[str, Callable[[Record], Record]] = {"erp": _tidy, "crm": _loud, "shop": lambda record: record}
