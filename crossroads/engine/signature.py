"""A record's identity as text: equal text, nothing to match again."""

import orjson

from crossroads.engine.dirty import Dirty
from crossroads.engine.persons import PERSONS
from crossroads.engine.workspace import Workspace
from crossroads.identity import said
from crossroads.identity.document import statements
from crossroads.identity.keys import keys_of, kind_of


def signature(ws: Workspace, record: Dirty) -> str:
    """Return what a record says of a person and said before, or its keys if it is no person's.

    A key once said stays a key: when an address changes in one system, the others still know the person by the old one.
    """
    identity = ws.lens(record.connection, record.stream).identity
    kinds = {kind_of(path) for path in identity}
    # A record first seen blocked has no word of its own, and is somebody all the same.
    own = record.held.own or (record.held.holds if record.blocked else {})
    if ws.entities[record.connection, record.stream] == PERSONS:
        before = said.read(record.signature) if record.signature else ()
        now = said.remembered(statements(own, identity), before, kinds)
        return record.signature if before and now == before else said.written(now)
    former = orjson.loads(record.signature) if record.signature else ()
    kept = {key for key in former if key.partition(":")[0] in kinds}
    return orjson.dumps(sorted({*kept, *keys_of(own, identity)})).decode()
