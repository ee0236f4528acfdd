"""Which fields of a record say something else than the golden profile, by meaning and as far as a write could mend it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.engine import parking
from crossroads.engine.parts import Part, addressed
from crossroads.engine.unmapped import Words
from crossroads.engine.wanted import unsaid
from crossroads.errors import RecordRejected
from crossroads.mapping import Lens
from crossroads.plan import Member
from crossroads.records import Record
from crossroads.store.session import chunks, table
from crossroads.store.tables import Contribution, Link


class Meant(NamedTuple):
    """What references mean: the profile of each record address, and which profiles are in which stream of the target."""

    profiles: Mapping[str, str]
    there: frozenset[tuple[str, str]]


def references(
    db: Connection, member: Member, lens: Lens, pairs: Sequence[tuple[Part, Document]]
) -> Meant | None:
    """Resolve the references that these records and their profiles name; None where the mapping has none."""
    if not lens.references or not pairs:
        return None
    paths = list(lens.references)
    addresses = {document[path] for _, document in pairs for path in paths if document.get(path)}
    own = [addressed(part, lens, {path: part.held.holds.get(path) for path in paths}) for part, _ in pairs]
    addresses |= {document[path] for document in own for path in paths if document.get(path)}
    profiles = parking.profiles(db, addresses)
    return Meant(profiles, there(db, member, sorted(set(profiles.values()))))


def there(db: Connection, member: Member, profiles: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return which of these profiles have a living record in which stream of a member's connection."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(link.c.profile, rows.c.stream)
        .join(rows, rows.c.id == link.c.contribution)
        .where(rows.c.connection == member.connection, ~rows.c.gone, rows.c.blocked.is_(None))
    )
    return frozenset(
        (profile, stream)
        for some in chunks(profiles)
        for profile, stream in db.execute(query.where(link.c.profile.in_(some)))
    )


def differing(
    part: Part, lens: Lens, golden: Document, record: Record, meant: Meant | None, words: Words
) -> list[str]:
    """Return the fields that a write would change so that `record`, as it is now, says the golden values.

    What the mapping sends on create only, or cannot clear, is no drift: no write would mend it. Nor is anything of a blocked
    record, to which nothing is sent.
    """
    if part.silent:
        return []
    apart = {
        path: value
        for path, value in unsaid(part, lens, golden, words=words).items()
        if not (meant and _same(part, lens, path, value, meant))
    }
    return sorted(path for path, value in apart.items() if _mended(part, lens, path, value, record))


def _same(part: Part, lens: Lens, path: str, value: object, meant: Meant) -> bool:
    """Tell whether a reference means the same record, or one that the target does not have."""
    reference = lens.references.get(path)
    if reference is None or not isinstance(value, str):
        return False
    profile = meant.profiles.get(value)
    if profile is None or (profile, reference.stream) not in meant.there:
        return True
    own = addressed(part, lens, {path: part.held.holds.get(path)})[path]
    return own is not None and meant.profiles.get(own) == profile


def _mended(part: Part, lens: Lens, path: str, value: object, record: Record) -> bool:
    if path in lens.references:
        return True
    try:
        return lens.put({**part.held.holds, path: value}, base=record, held=part.held.holds) is not None
    except RecordRejected:
        return True  # it differs, and the mapping refuses to say the golden value: a person should know
