"""The one write that makes one record of a target say the golden values: whether it may be, and the smallest patch for it."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from crossroads.canonical import Document
from crossroads.engine.raw import unpack
from crossroads.engine.targets import Referred, Target
from crossroads.engine.unmapped import NOTHING, Words
from crossroads.engine.wanted import wanted
from crossroads.mapping import Lens, Patch
from crossroads.plan import Member, When
from crossroads.store.session import table
from crossroads.store.tables import Parked


class Withheld(Exception):
    """Nothing is sent, and why."""


class Waits(Exception):
    """The write waits for a record of another stream of the target."""

    def __init__(self, entity: str, stream: str, profile: str) -> None:
        super().__init__(profile)
        self.entity, self.stream, self.profile = entity, stream, profile


class Unread(Exception):
    """A record may be there already: the target was not read in this run."""


class Write(NamedTuple):
    """What is to be sent: to which record (none: a create), which values, as which patch, on which version."""

    slot: str
    document: Document
    patch: Patch
    reference: str | None
    version: str | None

    def __repr__(self) -> str:
        return f"Write({self.slot or 'create'})"


class Intended:
    """Says of one profile and one record of a target stream what is to be written."""

    def __init__(
        self, db: Connection, member: Member, lens: Lens, creatable: Mapping[str, bool], *, read: bool
    ) -> None:
        self.db, self.member, self.lens, self.read = db, member, lens, read
        self.creatable = creatable  # the target's other streams, and whether records can be made there at all
        self.waits: Waits | None = None  # what an update is sent without, and waits for

    def create(
        self, profile: str, golden: Document, references: Mapping[str, Referred], *, gone: bool
    ) -> Write | None:
        """Return the create of a record for a profile that has none there; raise Withheld, Waits or Unread if it may not be."""
        self._may_create(profile, golden, gone)
        due = self._referred(wanted(self.lens, golden, None), None, references)
        missing = [path for path in self.lens.requires if due.get(path) is None]
        if missing:
            raise Withheld(f"a new record needs {', '.join(missing)}")
        said = {path: value for path, value in due.items() if value is not None}
        if not said:
            raise Withheld("there is nothing to say of it")
        # The reference is the profile's own id or the number both sides know: the same in every attempt.
        reference = golden.get("reference") or profile
        patch = self.lens.put(said, reference=reference)
        return Write("", said, patch, reference, None) if patch else None

    def update(
        self,
        golden: Document,
        target: Target,
        references: Mapping[str, Referred],
        contested: Collection[str] = (),
        words: Words = NOTHING,
    ) -> Write | None:
        """Return the update that makes a record say the golden values, or None if it does.

        One that names a record which is not there yet is sent without, and `waits` for it.
        """
        self.waits = None
        due = self._referred(wanted(self.lens, golden, target.held, contested, words), target, references)
        holds, means = target.held.holds, target.held.means
        differing = {
            path: value for path, value in due.items() if holds.get(path) != value and not means(path, value)
        }
        if not differing:
            return None
        base = unpack(self.db, target.raw, target.dictionary)
        patch = self.lens.put({**holds, **differing}, base=base, held=holds)
        return Write(target.key, differing, patch, None, target.version) if patch else None

    def _may_create(self, profile: str, golden: Document, gone: bool) -> None:
        if gone:
            raise Withheld("its record there was deleted or is blocked; only people bring it back")
        create = self.member.create
        if create == "never":
            raise Withheld("this sync creates no records here")
        if isinstance(create, When) and any(golden.get(path) != value for path, value in create.when.items()):
            raise Withheld("this sync creates only records with other values here")
        if create == "needed":
            rows = table(Parked)
            here = f"{self.member.connection}/{self.member.stream}#{profile}"
            needed = select(rows.c.what).where(rows.c.waits_for == here)
            if self.db.execute(needed.limit(1)).first() is None:
                raise Withheld("no other record needs it here")
        if not self.read:
            raise Unread

    def _referred(
        self, wanted: Document, target: Target | None, references: Mapping[str, Referred]
    ) -> Document:
        """Say references in the target's own keys."""
        result = dict(wanted)
        for path, reference in self.lens.references.items():
            address = result.pop(path, None)
            if not address:
                continue
            profile, keys, silent = references[address]
            held = target.held.holds.get(path) if target else None
            if reference.stream in keys:
                # Of two records of one person in the target, the one it already names is as good as the first.
                result[path] = held if held in keys[reference.stream] else keys[reference.stream][0]
            elif reference.required and (held is None or held not in silent.get(reference.stream, ())):
                possible = profile is not None and self.creatable.get(reference.stream, False)
                waits = Waits(reference.entity, reference.stream, profile or "")
                if target is not None:
                    self.waits = waits if possible else self.waits
                elif possible:
                    raise waits
                else:
                    raise Withheld(f"{path} has no record in {self.member.connection} and cannot have one")
        return result
