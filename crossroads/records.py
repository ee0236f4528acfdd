"""The nouns that cross the border between the engine and a connector.

What they show of themselves names keys and paths, never what a record says: a repr ends up in logs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Record: TypeAlias = dict[str, Any]
"""One record as the remote system says it: decoded JSON, names and values untouched."""

LONGEST_KEY = 500
"""Characters that the key of a record, or what identifies it, may have: of more, PostgreSQL cannot keep an index."""

Safety: TypeAlias = Literal["enforced_key", "idempotency_key", "search", "none"]
Deletes: TypeAlias = Literal["native", "tombstones", "full_compare", "none"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record a system offers, and what may be done with it.

    `key` is the record's own key field. `version` is a field (or dotted path) whose value changes with *every* change of the
    record, nested parts included; leave it None where the system has no such thing, and content is compared instead.
    `create` says what makes a create safe to repeat: the system refuses a second one (`enforced_key`), recognises the request
    (`idempotency_key`), can be searched (`search`), or nothing (`none`: an unknown outcome waits for a person).
    Before an update of a stream without `version` the record is read and compared, one call a group; `blind_updates` says why
    that is not done where it cannot be, and an edit made there meanwhile may then be overwritten.
    `settle_seconds` is the longest time a request may still be running on the other side after we lost its answer.
    `deletes` says how deletions are seen: told by the listing itself (`native`), by a delete log (`tombstones`), by absence from
    a listing proved complete (`full_compare`), or not at all (`none`). `blocked` are fields any of which, if true, locks the
    record: it is left alone, and is not deleted. With `hides`, a record that vanishes is locked too, not deleted.
    """

    name: str
    key: str
    version: str | None = None
    blind_updates: str | None = None
    readable: bool = True
    writable: bool = False
    create: Safety = "search"
    deletes: Deletes = "none"
    blocked: Sequence[str] = ()
    hides: bool = False
    page_size: int = 200
    write_size: int = 1
    settle_seconds: float = 30.0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """Where reading a stream was last left; opaque to everyone but its connector."""

    cursor: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.cursor)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records, and the state that is true once they are safely stored.

    `gone` are keys the system itself reports as deleted; absence is never reported here. `last` marks the end of a listing that
    was read from its very beginning, and that the system itself said to be the end; a page that is merely short or empty by
    itself says nothing. `total` is how many records the system says the whole listing has, on each page where it says so.
    """

    records: Sequence[Record] = field(repr=False)
    state: State
    gone: Sequence[str] = ()
    last: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One nested entity of a change that the system addresses by its own key.

    `path` leads from the root record, e.g. ("to_BusinessPartnerAddress", "to_EmailAddress"); `key` holds what is known of its
    key; `exists` tells an update from the creation of a missing nested entity.
    """

    path: tuple[str, ...]
    resource: str
    key: Mapping[str, Any]
    record: Record = field(repr=False)
    exists: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One intended write.

    `id` is the intent's id, the same in every attempt. Without `key` it is a create. `record` is the smallest patch (or the
    whole new record), `parts` the nested entities that must be written by their own key, `base` the record as last seen and
    `version` its version then. `reference` is the business reference a create can be found again by.
    """

    id: str
    record: Record = field(repr=False)
    key: str | None = None
    parts: Sequence[Part] = ()
    base: Record | None = field(default=None, repr=False)
    version: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The change is in the remote system under `key`; `record` is what it now holds, where the system says so."""

    change: Change
    key: str
    version: str | None = None
    record: Record | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """The remote system refused the change; `reasons` are for a person and carry no personal value."""

    change: Change
    reasons: Sequence[str]
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request was sent and its answer lost: `find` must be asked before it is tried again."""

    change: Change
    reason: str


WriteResult: TypeAlias = Written | Rejected | Unknown


@dataclass(frozen=True, slots=True)
class Found:
    """What `find` saw of an earlier attempt: every matching remote key, newest first, with version and record if known.

    `gone` is one that was made and deleted since, from a system that still tells of it: it is not made once more.
    """

    key: str
    version: str | None = None
    record: Record | None = field(default=None, repr=False)
    gone: bool = False
