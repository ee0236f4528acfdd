"""The records of one page by their keys, and what becomes of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from xxhash import xxh3_128_hexdigest

from crossroads.canonical import Document
from crossroads.engine.raw import checked, original
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens, Notice
from crossroads.plan import Member
from crossroads.records import Record, Stream


@dataclass
class Page:
    """The records of one page by key, and what becomes of each.

    `entered` names every record that came; `listed` are their keys, as the system counts records: one that has no key is listed
    too, one that came twice only once.
    """

    entered: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict, repr=False)
    payloads: dict[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)
    documents: dict[str, Document] = field(default_factory=dict, repr=False)
    rejected: list[tuple[str, Sequence[str], Record]] = field(default_factory=list, repr=False)
    notices: list[Notice] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)

    def reject(self, key: str, reasons: Sequence[str], record: Record) -> None:
        """Set a record aside."""
        self.rejected.append((key, reasons, record))
        self.ended[key] = "rejected"


def keyed(lens: Lens, member: Member, stream: Stream, records: Sequence[Record]) -> Page:
    """Return a page with its records by key; those without a key, or with another's, have ended as rejected."""
    page = Page()
    twice: set[str] = set()
    for place, record in enumerate(records):
        try:
            key = name = checked(lens.key(record))
        except RecordRejected as error:
            name = f"without-key-{xxh3_128_hexdigest(original(record))[:12]}-{place}"
            page.entered.append(name)
            page.listed.append(name)
            page.reject(name, error.reasons, record)
            continue
        if key in page.records:
            name = f"{key} (again, {place})"
            if page.records[key] != record:
                twice.add(key)
            page.ended[name] = "rejected" if key in twice else "superseded"
        else:
            page.listed.append(key)
        page.entered.append(name)
        page.records[key] = record
    for key in twice:
        reason = (
            f"Record {key}: one page holds two different records with this key, so neither can be trusted. Check "
            f"that {stream.key!r} is the key of {member.name} and that its paging has a unique order."
        )
        page.reject(key, [reason], page.records.pop(key))
    return page
