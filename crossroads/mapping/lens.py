"""A mapping as a two-way lens between the records of one stream and canonical documents."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from crossroads.canonical import Document
from crossroads.errors import RecordRejected
from crossroads.mapping.codecs import SetAside
from crossroads.mapping.codecs_key import Pointing
from crossroads.mapping.items import vanished
from crossroads.mapping.lines import Compiled, Notice, Patch, Reference
from crossroads.mapping.reading import reader
from crossroads.mapping.speaking import speaker
from crossroads.mapping.writing import changed, created
from crossroads.records import Record


class Lens:
    """Reads records as documents and says documents as the smallest patch; see `load` for how to get one.

    `version` is a short hash of mapping, overlay and code lists. `writes` tells of a path of a document whether
    `put` can say it (`lines.A-1.sku` is one of `lines.*.sku`). `identity` are the paths whose values tell
    who this is, `readable` and `writable` the paths of either direction (`lines.*.sku` for items), `requires`
    those without which nothing is created, `sources` the remote fields the mapping reads, `lists` the names of the
    lists it reads. `create_reference` says whether `put(reference=...)` finds a place.
    """

    def __init__(self, mapping: Compiled) -> None:
        self.mapping = mapping
        self.name = mapping.name
        self.entity, self.system, self.stream = mapping.entity, mapping.system, mapping.stream
        self.version = mapping.version
        self.identity = mapping.identity
        self.requires = mapping.requires
        self.readable = mapping.patterns("both", "in") | frozenset(mapping.constants)
        self.writable = mapping.patterns("both", "out")
        self.create_reference = mapping.create_reference is not None
        self.stream_options: Mapping[str, Any] = mapping.stream_options
        self.references: Mapping[str, Reference] = {
            line.path: Reference(line.codec.to, line.codec.stream, line.codec.required)
            for line in mapping.lines
            if isinstance(line.codec, Pointing)
        }
        self.sources = _sources(mapping)
        self._lists = [items for items in mapping.lists if items.flow != "out"]
        self.lists = frozenset(items.name for items in self._lists)
        self._named = frozenset(items.name for items in mapping.lists)
        self._read, self.source = reader(mapping)
        # Asked of every field of every record, and orders have as many paths as there are labels of lines.
        self.writes = lru_cache(maxsize=10_000)(partial(_in, self.writable))
        self._key = speaker(mapping.key)
        self._changed_at = speaker(mapping.changed_at) if mapping.changed_at else None
        self._made_for = speaker(mapping.create_reference) if mapping.create_reference else None

    def __repr__(self) -> str:
        return f"Lens({self.name}, {self.version})"

    def key(self, record: Record) -> str:
        """Return the record's own key, as references to it say it; raise RecordRejected without one."""
        try:
            said = self._key(record)
        except SetAside as error:
            raise RecordRejected(f"the key of the record {error}") from None
        if not isinstance(said, str):
            field = ".".join(self.mapping.key.targets[0].way)
            raise RecordRejected(f"the record has no key: {field} is missing or empty")
        return said

    def made_for(self, record: Record) -> str | None:
        """Return the reference under which a record was created by us, where it shows one."""
        try:
            said = self._made_for(record) if self._made_for is not None else None
        except (SetAside, RecordRejected):
            return None
        return said if isinstance(said, str) else None

    def changed_at(self, record: Record) -> str | None:
        """Return when the record was last changed there, in UTC, where it says so."""
        if self._changed_at is None:
            return None
        try:
            said = self._changed_at(record)
        except (SetAside, RecordRejected):
            return None
        return said if isinstance(said, str) else None

    def read(self, records: Sequence[Record], notices: list[Notice]) -> list[Document | RecordRejected]:
        """Return one document or rejection per record; fields set aside are added to `notices`."""
        return self._read(records, notices)

    def get(self, record: Record) -> Document:
        """Return the document of one record, or raise RecordRejected with every reason."""
        (said,) = self._read([record], [])
        if isinstance(said, RecordRejected):
            raise said
        return said

    def completed(self, record: Record, document: Document, held: Iterable[str]) -> Document:
        """Return a document with None for all that is held of items which the lists of its record show no more."""
        gone = [path for items in self._lists for path in vanished(items, record, held)]
        return {**document, **dict.fromkeys(gone)} if gone else document

    def put(
        self,
        document: Document,
        base: Record | None = None,
        held: Document | None = None,
        reference: str | None = None,
    ) -> Patch | None:
        """Return the smallest patch that makes `base` say `document`, None where it says so already.

        Only paths in `document` are considered: None clears, an absent path is left alone. `held` is the
        document of `base`, read here if not given. Without `base` it is a whole new record, and `reference`
        goes where the mapping puts it. Raises RecordRejected with every reason.
        """
        if base is None:
            return created(self.mapping, document, reference)
        return changed(self.mapping, document, base, self.get(base) if held is None else held)

    def item(self, path: str) -> str | None:
        """Return the list item that a path of a document is in: `lines.A-1` for `lines.A-1.sku`; None if it is in none."""
        return path.rpartition(".")[0] if path.partition(".")[0] in self._named else None

    def items(self, paths: Iterable[str]) -> frozenset[str]:
        """Return the list items that some paths of a document are in."""
        return frozenset(filter(None, map(self.item, paths))) if self._named else frozenset()

    def says(self, path: str) -> bool:
        """Tell whether the mapping has this path of a document, in either direction."""
        return self.writes(path) or _in(self.readable, path)


def _in(paths: frozenset[str], path: str) -> bool:
    head, _, rest = path.partition(".")
    return path in paths or f"{head}.*.{rest.rpartition('.')[2]}" in paths


def _sources(mapping: Compiled) -> frozenset[str]:
    lines = [mapping.key, *mapping.lines]
    if mapping.changed_at:
        lines.append(mapping.changed_at)
    targets = [target for line in lines for target in (*line.targets, *line.sources)]
    fields = {target.way[0] for target in targets if target.place is None}
    places = {mapping.spots[target.place].trail[0] for target in targets if target.place}
    return frozenset(fields | places | {items.at[0] for items in mapping.lists})
