"""The weight of a pair in bits: how much more it is believed to be one person than not, and what each field adds to that."""

from collections.abc import Sequence
from math import log2
from typing import NamedTuple

from crossroads.identity.comparisons import Comparison, comparisons
from crossroads.identity.levels import NOTHING
from crossroads.identity.model import KINDS, Model
from crossroads.identity.person import FIELDS, Person

Rivals = tuple[float, float, float, float]


class Row(NamedTuple):
    """What one field adds to a weight: which level was reached, and how many bits, the value's rareness in them."""

    field: str
    level: str
    bits: float


class _Rareness(NamedTuple):
    """How many bits an equal value adds by being rare: by value, at most so many; for whom it counts besides one person."""

    place: int
    bits: dict[str, float]
    most: float
    household: bool

    def of(self, a: Person, b: Person) -> float:
        """Return the bits of the more frequent of two values."""
        return min(self._one(a), self._one(b))

    def _one(self, record: Person) -> float:
        place = self.place
        value = record[place] if place < len(FIELDS) else record.others[place - len(FIELDS)]
        return self.bits.get(value, self.most) if isinstance(value, str) else self.most


class _Column(NamedTuple):
    comparison: Comparison
    bits: Sequence[Rivals]
    rareness: Sequence[_Rareness | None]


def prior(model: Model) -> Rivals:
    """Return how many bits each kind of pair has against strangers before anything is compared."""
    shares = model.shares
    strangers = 1.0 - sum(shares.values())
    person, household, namesake, initial = (log2(shares[kind] / strangers) for kind in KINDS[:-1])
    return person, household, namesake, initial


class Scorer:
    """Weighs pairs of records by one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.prior = prior(model)
        self.columns = [
            self._column(one)
            for one in comparisons(model.nicknames, model.others)
            if one.name in model.chances
        ]

    def _column(self, comparison: Comparison) -> _Column:
        chances = self.model.chances[comparison.name]
        person, household, namesake, initial, stranger = (chances.of(kind) for kind in KINDS)
        bits = [
            (log2(p / s), log2(h / s), log2(n / s), log2(i / s))
            for p, h, n, i, s in zip(person, household, namesake, initial, stranger, strict=True)
        ]
        rareness = [
            self._rareness(level.frequency, chance) if level.frequency else None
            for level, chance in zip(comparison.levels, stranger, strict=True)
        ]
        return _Column(comparison, bits, rareness)

    def _rareness(self, field: str, chance: float) -> _Rareness | None:
        known, rare = self.model.frequencies.get(field), self.model.rare
        if known is None:
            return None
        place = FIELDS.index(field) if field in FIELDS else len(FIELDS) + int(field.removeprefix("other"))
        bits = {value: log2(chance / share) for value, share in known.shares.items()}
        return _Rareness(place, bits, log2(chance / known.rarest), field in rare.get("household", ()))

    def weight(self, a: Person, b: Person) -> float:
        """Return the weight of a pair in bits: 0 is as likely as not, 10 a thousand to one."""
        person, household, namesake, initial = self.rivals(a, b)
        return person - log2(1.0 + 2.0**household + 2.0**namesake + 2.0**initial)

    def rivals(self, a: Person, b: Person) -> Rivals:
        """Return the bits for one person, one household, namesakes and people of one initial, each against strangers."""
        person, household, namesake, initial = self.prior
        for comparison, levels, rareness in self.columns:
            level = comparison.reaches(a, b)
            if level == NOTHING:
                continue
            ours, theirs, named, lettered = levels[level]
            person += ours
            household += theirs
            namesake += named
            initial += lettered
            if rare := rareness[level]:
                bits = rare.of(a, b)
                person += bits
                if rare.household:
                    household += bits
        return person, household, namesake, initial

    def explain(self, a: Person, b: Person) -> Sequence[Row]:
        """Return what a weight is made of; the rows sum to it."""
        rows = [Row("prior", "two records of all", self.prior[0])]
        for comparison, levels, rareness in self.columns:
            level = comparison.reaches(a, b)
            if level == NOTHING:
                continue
            rare = rareness[level]
            bits = levels[level][0] + (rare.of(a, b) if rare else 0.0)
            rows.append(Row(comparison.name, comparison.levels[level].name, bits))
        seen = self.weight(a, b)
        return [
            *rows,
            Row("household or namesake", "what else explains it", seen - sum(row.bits for row in rows)),
        ]
