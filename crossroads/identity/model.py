"""What is believed about pairs of records, frozen: a model is one file, and its version is in the evidence of every link.

A pair is one of five kinds, each with its own chances to reach each level of each comparison: two records of one *person*, of
two people of one *household* (door, telephone and surname in common, given name and birth date not), of two *namesakes* (the
name in common and what is made of it, nothing else), of two people of one *initial* (the surname and the first letter), or of
two *strangers*. Without those in between, what a household shares counts as often as it has columns, and quality falls as the
population grows (docs/decisions/0033).
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict

from crossroads.errors import ConfigError
from crossroads.identity.blocking import LIMIT
from crossroads.identity.comparisons import comparisons
from crossroads.identity.threshold import USUAL

KINDS = ("person", "household", "namesake", "initial", "stranger")
HEIR = "heir"
"""Alike in everything and born a generation apart (`heirs.py`): believed in where there are some, with no chances of its own."""

RIVALS = (*KINDS[:-1], HEIR)
TOLERANCE = 1e-6
SMALL = 100
"""Of fewer records two are believed to be one person's no sooner than of so many."""


class Chances(BaseModel):
    """The chance of each level of one comparison, by kind of pair; where both records say the field they sum to one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: tuple[float, ...]
    household: tuple[float, ...]
    namesake: tuple[float, ...]
    initial: tuple[float, ...]
    stranger: tuple[float, ...]

    def of(self, kind: str) -> tuple[float, ...]:
        """Return the chances of one kind."""
        found: tuple[float, ...] = getattr(self, kind)
        return found


class Frequencies(BaseModel):
    """How frequent the values of one field are: the share of each that several records say, and of one that nobody else says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shares: Mapping[str, float]
    rarest: float


class Model(BaseModel):
    """Chances by comparison, the share of each kind among all pairs, and how frequent values are.

    `about` says where it comes from. `rare` are the fields whose frequencies count for a household and for namesakes as they do
    for one person, by kind: there the value is shared for the same reason. `junk` are e-mail addresses, ends of telephone
    numbers, birthdays and names that are nobody's own, `loose` is how many may carry a loose key that brings pairs by
    itself (`blocking.py`), `threshold` the bits to merge from. With the nicknames, all that a weight depends on besides the
    two records is in here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    records: int
    others: tuple[str, ...] = ()
    shares: Mapping[str, float]
    chances: Mapping[str, Chances]
    frequencies: Mapping[str, Frequencies]
    rare: Mapping[str, tuple[str, ...]]
    nicknames: Mapping[str, tuple[str, ...]] = {}
    junk: tuple[str, ...] = ()
    loose: int = LIMIT
    threshold: float = USUAL

    @property
    def version(self) -> str:
        """A digest of all of it; not kept, for a copy with other values would take it along."""
        return blake2b(self.packed(), digest_size=8).hexdigest()

    @property
    def general(self) -> bool:
        """Tell whether nothing in it is of anybody's own: it knows no frequencies, and is the same for any number of records."""
        return not self.frequencies

    def of_size(self, records: int) -> Self:
        """Return the same beliefs about so many records.

        As a population grows, a person's pairs grow with it and all pairs with its square; namesakes grow with the latter. That
        a file is small makes nobody likelier to be in it twice: namesakes of a dozen would be one whatever else they say.
        """
        grown = self.records / max(records, SMALL)
        shares = {
            kind: share * grown if kind in ("person", "household", HEIR) else share
            for kind, share in self.shares.items()
        }
        return self.model_copy(update={"records": records, "shares": shares})

    def packed(self) -> bytes:
        """Return the model as it is stored, the same bytes for the same beliefs."""
        return orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)

    def save(self, path: Path) -> None:
        """Write the model to a file."""
        path.write_bytes(self.packed())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model from a file; refuse one that cannot be trusted."""
        try:
            found = cls.model_validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path} holds no model: {type(error).__name__}.") from None
        if problems := found.problems():
            raise ConfigError(f"{path} cannot be trusted: {'; '.join(problems)}. Train it again.")
        return found

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """Return what is believed where nothing was learnt yet: made-up customers' chances, and no name is rarer than another."""
        return cls.model_validate_json(files(__package__).joinpath("shipped.json").read_bytes())

    def problems(self) -> Sequence[str]:
        """Return why the model must not be used, if anything speaks against it."""
        if missing := [kind for kind in KINDS[:-1] if not self.shares.get(kind, 0.0) > 0.0]:
            return [f"it gives no share to a {' or a '.join(missing)}"]
        if unknown := sorted(self.shares.keys() - {*RIVALS}):
            return [f"it gives a share to {', '.join(unknown)}, which is no kind of pairs"]
        levels = {one.name: len(one.levels) for one in comparisons({}, self.others)}
        if unknown := sorted(self.chances.keys() - levels.keys()):
            return [f"nothing is compared as {', '.join(unknown)}"]
        if not self.chances:
            return ["it compares nothing"]
        if HEIR in self.shares and "birth_date" not in self.chances:
            return ["it gives a share to heirs and compares no birth dates"]
        if sum(self.shares.values()) >= 1:
            return ["it leaves no share to strangers"]
        found = [
            f"{field} has no share of a value that nobody else says"
            for field, known in self.frequencies.items()
            if not (known.rarest > 0.0 and all(share > 0.0 for share in known.shares.values()))
        ]
        for name, chances in self.chances.items():
            for kind in KINDS:
                if len(chances.of(kind)) != levels[name]:
                    found.append(
                        f"{name} has {len(chances.of(kind))} levels for a {kind}, not {levels[name]}"
                    )
                    break
                values = chances.of(kind)
                if any(value <= 0.0 for value in values) or not math.isclose(
                    sum(values), 1, abs_tol=TOLERANCE
                ):
                    found.append(f"{name} has an untrained level for two records of a {kind}")
            if chances.person[:1] <= chances.stranger[:1]:
                found.append(f"equal {name} speaks against one person: the training collapsed")
        if not 0 < self.shares["person"] * self.records < self.records / 2:
            found.append("it takes every record for the same person: the training collapsed")
        return found
