"""Which records of a page are as we know them: those cost a hash and a look-up, and no more."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection
from xxhash import xxh3_128_hexdigest

from crossroads.engine.blocks import lock
from crossroads.engine.deletes import HIDDEN
from crossroads.engine.entered import Page
from crossroads.engine.raw import payload
from crossroads.errors import RecordRejected
from crossroads.plan import Member
from crossroads.store.session import Lookup
from crossroads.store.tables import Contribution


class Known(NamedTuple):
    """What the store has of a record, as much as tells whether it changed."""

    digest: str
    version: str | None
    mapping: str
    gone: bool
    blocked: str | None
    turn: int

    @property
    def away(self) -> bool:
        """Tell whether the record was not there when it was last looked at: seen again, it is news as it is."""
        return self.gone or self.blocked == HIDDEN


_known = Lookup(Contribution, ("key", *Known._fields), "key", within=("connection", "stream"))


def known(db: Connection, member: Member, keys: Sequence[str]) -> dict[str, Known]:
    """Return what the store has of the records with these keys."""
    return {row[0]: Known._make(row[1:]) for row in _known(db, keys, member.connection, member.stream)}


def changed(
    page: Page,
    former: Mapping[str, Known],
    refused: Mapping[str, str],
    version: str | None,
    mapping: str,
    blocking: Sequence[str] = (),
) -> list[str]:
    """Return the keys of the records that are not as we know them; the others have ended.

    One that is as it was is news if the fields that are `blocking` lock it by now: they may be declared so since.
    """
    keys = []
    for key, record in page.records.items():
        before = former.get(key)
        same_mapping = before is not None and before.mapping == mapping and not before.away
        if same_mapping and before and blocking and lock(record, blocking) != before.blocked:
            same_mapping = False
        if same_mapping and version and before and before.version and before.version == record.get(version):
            page.ended[key] = "unchanged"
            continue
        try:
            content = payload(record)
        except RecordRejected as error:
            page.reject(key, error.reasons, record)
            continue
        digest = xxh3_128_hexdigest(content)
        if same_mapping and before and before.digest == digest:
            page.ended[key] = "unchanged"
        elif refused.get(key) == f"{digest}/{mapping}":
            page.ended[key] = "rejected"
        else:
            page.payloads[key] = (digest, content)
            keys.append(key)
    return keys
