"""Watch what fields a source sends: notice new, missing and retyped ones, list them, and leave the data alone.

Every record's own fields are looked at, of their insides a sample: the first twenty records that changed in an attempt and
then each fiftieth; in the first read, which is the baseline, each twenty-fifth. A nested field that one record in a thousand
has is seen some time, not at once. A mapped field of their own that all records lose is missed after fifty that changed.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

import orjson
from sqlalchemy import Connection, select

from crossroads import journal
from crossroads.engine.schema_named import named
from crossroads.engine.schema_shape import Node, Shape, mask, named_types
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.records import Record
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import SourceField, StreamState

FIRST, EACH, EACH_AT_FIRST = 20, 50, 25
NEARLY_ALL, SEEN, AWAY = 0.95, 20, 50
"""A field that at least twenty records had, and of all of them 95 in 100, is missing after fifty without it."""

_PLACE = ("connection", "stream", "path")
_COUNTS = ("types", "named", "seen", "counted_from", "last_at", "last_seen")
_counts = Bulk(SourceField, (*_PLACE, *_COUNTS, "approved_types", "state", "first_seen"), update=_COUNTS)
_states = Bulk(
    SourceField,
    (*_PLACE, *_COUNTS, "approved_types", "state", "first_seen", "raised_at"),
    update=(*_COUNTS, "approved_types", "state", "raised_at"),
)


class Watch:
    """What is known of one stream's fields, in one attempt to read it."""

    def __init__(self, db: Connection, member: Member, lens: Lens) -> None:
        self.member = member
        self.shape = _known(db, member, lens)
        self.own = set(self.shape.root.children)
        self.changed = 0  # records that could have been looked at
        self.kept = self.shape.looked  # records whose counts are stored
        self.without = dict[str, int]()  # how many of the records that changed last lack a mapped field
        self.begun = False

    def look(
        self, db: Connection, records: Mapping[str, Record], changed: Collection[str], *, run: str, at: str
    ) -> None:
        """Look at some records of a page, of the `changed` ones above all, and store what there is to know."""
        shape = self.shape
        for key in {*self._with_new_fields(records), *self._sample(changed)}:
            shape.look(records[key])
        lost = self._lost(records, changed)
        if shape.looked == self.kept and not lost:
            return
        full = lost or not self.begun or shape.looked >= self.kept + FIRST
        if full:
            self._missing()
        if full or shape.news:
            self._store(db, run=run, at=at)

    def _with_new_fields(self, records: Mapping[str, Record]) -> Iterator[str]:
        """Yield records that between them have every field of their own that was not there before."""
        fresh = set().union(*records.values()) - self.own
        if fresh:
            self.own |= fresh
            for key, record in records.items():
                if not fresh.isdisjoint(record):
                    fresh -= record.keys()
                    yield key

    def _sample(self, changed: Collection[str]) -> Iterator[str]:
        """Yield the first records of the attempt, then each twenty-fifth or fiftieth."""
        before, each = self.changed, EACH_AT_FIRST if self.shape.baseline else EACH
        self.changed += len(changed)
        if before < FIRST:
            yield from islice(changed, FIRST - before)
        yield from islice(changed, max(FIRST, before + -before % each) - before, None, each)

    def _lost(self, records: Mapping[str, Record], changed: Collection[str]) -> bool:
        """Count the records since each mapped field of their own came last, and tell whether one of them is away by now.

        Asked of the newest record first: as long as a field comes, that is one look-up a page.
        """
        if self.shape.baseline:
            return False
        newest, lost = list(changed)[::-1], False
        for name, node in self.shape.root.children.items():
            if node.named:
                last = next((n for n, key in enumerate(newest) if name in records[key]), None)
                former = self.without.get(node.path, 0)
                self.without[node.path] = former + len(newest) if last is None else last
                lost |= self._away(node)
        return lost

    def _away(self, node: Node) -> bool:
        """Tell whether a field that nearly all records had does not come any more."""
        without = max(self.shape.looked - node.last_at, self.without.get(node.path, 0))
        known = node.named and node.state == "approved" and node.seen >= SEEN and node.share >= NEARLY_ALL
        return known and without >= AWAY

    def _missing(self) -> None:
        """Find out which fields stopped coming, and which are back."""
        shape = self.shape
        for node in shape.nodes.values():
            if node.state == "missing" and node.last_at > self.kept:
                node.state = "approved"
                shape.tell(node)
            elif self._away(node):
                node.state = "missing"
                shape.tell(node)

    def _store(self, db: Connection, *, run: str, at: str) -> None:
        shape, place, rows = self.shape, (self.member.connection, self.member.stream), table(SourceField)
        for some in chunks(shape.collapsed):
            mine = (rows.c.connection == place[0], rows.c.stream == place[1], rows.c.path.in_(some))
            db.execute(rows.delete().where(*mine))
        seen = [node for node in shape.nodes.values() if node.last_at > self.kept]
        for node in seen:
            node.seen_at = at
        news = [(*place, *_row(node, at), None if node.state == "approved" else at) for node in shape.news]
        _states(db, news)
        _counts(db, [(*place, *_row(node, at)) for node in seen if not node.news])
        lines: dict[str, list[str]] = {}
        for node in shape.news:
            # The insides of what is news go without saying.
            inside = node.parent is not None and node.parent.state == node.state
            if node.state not in ("approved", node.stored) and not inside:
                lines.setdefault(node.state, []).append(node.path)
            node.stored, node.news = node.state, False
        if lines:
            journal.append(db, [journal.Line("schema", self.member.name, dict(lines))], run=run, at=at)
        shape.news.clear()
        shape.collapsed.clear()
        self.kept, self.begun = shape.looked, True


def _row(node: Node, at: str) -> tuple[object, ...]:
    return (node.path, _said(node.types), node.named, node.seen, node.counted_from, node.last_at, node.seen_at or at,
            _said(node.approved), node.state, at)  # fmt: skip


def _known(db: Connection, member: Member, lens: Lens) -> Shape:
    """Return the shape as stored; what comes until the stream was first read whole is the baseline."""
    rows, states = table(SourceField), table(StreamState)
    mine = (rows.c.connection == member.connection, rows.c.stream == member.stream)
    whole = (states.c.connection == member.connection, states.c.stream == member.stream)
    read_by = db.execute(select(states.c.mapping).where(*whole)).scalar()
    found = db.execute(select(rows).where(*mine).order_by(rows.c.path)).all()
    shape = Shape(named(lens), baseline=read_by is None or not found)
    for row in found:
        node = shape.place(row.path)
        node.types, node.approved = mask(orjson.loads(row.types)), mask(orjson.loads(row.approved_types))
        node.seen, node.counted_from, node.last_at = row.seen, row.counted_from, row.last_at
        node.state = node.stored = row.state
        node.seen_at = row.last_seen
        shape.looked = max(shape.looked, row.last_at)
    shape.settle()
    return shape


def _said(types: int) -> str:
    return orjson.dumps(named_types(types)).decode()
