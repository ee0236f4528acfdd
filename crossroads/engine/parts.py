"""The contributions of a profile, and what each of them says itself."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection

from crossroads.canonical import Document
from crossroads.engine import echo
from crossroads.engine.echo import Held
from crossroads.engine.weighing import Source
from crossroads.engine.workspace import Workspace
from crossroads.mapping import Lens
from crossroads.store.session import Lookup
from crossroads.store.tables import Contribution, Link

_links = Lookup(Link, ("contribution", "profile"), "profile")
_OWN = ("connection", "stream", "key", "mapping", "gone", "blocked")
_parts = Lookup(Contribution, (*_OWN, *echo.COLUMNS), "id")
_PLACE = itemgetter(0, 1, 2)


class Part(NamedTuple):
    """One contribution of a profile."""

    profile: str
    connection: str
    stream: str
    key: str
    mapping: str
    held: Held
    gone: bool = False
    blocked: str | None = None

    @property
    def silent(self) -> bool:
        """Tell whether the record is deleted or blocked: what it said is a former word, and nothing is sent to it."""
        return self.gone or self.blocked is not None

    def __repr__(self) -> str:
        return f"Part({self.address})"

    @property
    def address(self) -> str:
        """Return `connection/stream/key`."""
        return f"{self.connection}/{self.stream}/{self.key}"


def contributions(
    db: Connection, profiles: Sequence[str], known: Mapping[str, Held] | None = None
) -> dict[str, list[Part]]:
    """Return the contributions of each profile, those that are gone included."""
    seen = known or {}
    profile = dict(_links(db, profiles))
    found: dict[str, list[Part]] = {}
    for row in sorted(_parts(db, profile), key=_PLACE):
        connection, stream, key, mapping, gone, blocked, identity, *_ = row
        held = seen.get(identity) or echo.read(row[len(_OWN) :])
        one = Part(profile[identity], connection, stream, key, mapping, held, bool(gone), blocked)
        found.setdefault(one.profile, []).append(one)
    return found


def addressed(part: Part, lens: Lens, document: Document) -> Document:
    """Return a document with its references as record addresses, which mean the same outside its system."""
    if not lens.references:
        return document
    result = dict(document)
    for path, reference in lens.references.items():
        if result.get(path):
            result[path] = f"{part.connection}/{reference.stream}/{result[path]}"
    return result


def source(ws: Workspace, part: Part) -> Source:
    """Return what one contribution says itself, as survivorship weighs it."""
    lens = ws.lens(part.connection, part.stream)
    return Source(
        id=part.held.id,
        address=part.address,
        system=lens.system,
        mapping=part.mapping,
        said=addressed(part, lens, part.held.own),
        said_at=part.held.said_at,
        since=part.held.since,
        readable=lens.readable,
        gone=part.silent,
        lists=lens.lists,
        lent=lens.items(part.held.echo.keys() - part.held.said) if part.held.echo else frozenset(),
        replaced=part.held.replaced,
    )
