"""A record's identity as text: equal text, nothing to match again."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from xxhash import xxh3_64_hexdigest

from crossroads.canonical import Document
from crossroads.engine.dirty import Dirty
from crossroads.engine.persons import PERSONS
from crossroads.engine.workspace import Workspace
from crossroads.identity import said
from crossroads.identity.document import identifying, statements
from crossroads.identity.keys import keys_of, kind_of


class Signature(NamedTuple):
    """What a record says and said of who it is, and a digest of the words of its document that this was made from."""

    text: str
    words: str


def signature(ws: Workspace, record: Dirty) -> Signature:
    """Return what a record says of a person and said before, or its keys if it is no person's.

    A key once said stays a key: when an address changes in one system, the others still know the person by the old one.
    Most edits are of other fields: as long as the words are as they were, so is what was made from them. A release that
    reads words otherwise empties the signatures in a migration.
    """
    identity = ws.lens(record.connection, record.stream).identity
    # A record first seen blocked has no word of its own, and is somebody all the same.
    own = record.held.own or (record.held.holds if record.blocked else {})
    if ws.entities[record.connection, record.stream] != PERSONS:
        return Signature(_keys(own, identity, record.signature), "")
    part = identifying(own, identity)
    words = xxh3_64_hexdigest(orjson.dumps([identity, part], option=orjson.OPT_SORT_KEYS))
    if record.signature and words == record.words:
        return Signature(record.signature, words)
    before = said.read(record.signature) if record.signature else ()
    now = said.remembered(statements(part, identity), before, _kinds(identity))
    return Signature(record.signature if before and now == before else said.written(now), words)


def _keys(own: Document, identity: Sequence[str], before: str) -> str:
    kinds = _kinds(identity)
    kept = {key for key in (orjson.loads(before) if before else ()) if key.partition(":")[0] in kinds}
    return orjson.dumps(sorted({*kept, *keys_of(own, identity)})).decode()


def _kinds(identity: Sequence[str]) -> set[str]:
    return {kind_of(path) for path in identity}
