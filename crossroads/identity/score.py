"""The weight of a pair in bits: how much more it is believed to be one person than not, and what each field adds to that."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import log2
from typing import NamedTuple

from crossroads.identity.comparisons import Comparison, comparisons
from crossroads.identity.evidence import Row
from crossroads.identity.levels import (
    A_GENERATION,
    BIRTH,
    NOTHING,
    Reaches,
    birth_date,
    contradict,
    generations,
    given,
)
from crossroads.identity.model import KINDS, RIVALS, Model
from crossroads.identity.organizations import organizations
from crossroads.identity.person import FIELDS, Person, Said

Rivals = tuple[float, float, float, float]

ALONE = {"reference": 18.0, "id": 18.0, "tax_id": 18.0, "email": 6.0, "phone": 5.0, "service": -1.0}
"""Bits beyond the threshold of two records that share a declared key and say nothing else: an account alone merges nobody."""

COMPARED = ("email", "phone", "tax_id")
"""Keys that are compared as well, and that somebody else may say: of a household, or with a slip of the pen."""

SURNAMES = ("family", "family2")
PLACES = 9
"""Figures of a weight behind the point: Splink adds the same in another order, and what weighs the same must be the same."""

UNLIKE = -100.0


class _Rareness(NamedTuple):
    """How many bits an equal value adds by being rare: by value, at most so many; for whom it counts besides one person."""

    place: int
    bits: Mapping[object, float]
    most: float
    household: bool

    def of(self, a: Person, b: Person) -> float:
        """Return the bits of the more frequent of two values."""
        place, bits, most = self.place, self.bits, self.most
        if place < len(FIELDS):
            return min(bits.get(a[place], most), bits.get(b[place], most))
        nth = place - len(FIELDS)
        return min(bits.get(a.others[nth], most), bits.get(b.others[nth], most))


class _Column(NamedTuple):
    comparison: Comparison
    reaches: Reaches
    bits: Sequence[Rivals]
    rareness: Sequence[_Rareness | None]


def prior(model: Model) -> Sequence[float]:
    """Return how many bits each kind of pair that is believed in has against strangers before anything is compared."""
    shares = model.shares
    strangers = 1.0 - sum(shares.values())
    return [log2(shares[kind] / strangers) for kind in RIVALS if kind in shares]


class Scorer:
    """Weighs pairs of records by one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        person, household, namesake, initial, *heir = prior(model)
        self.prior = person, household, namesake, initial
        self.heir = heir[0] - person - log2(model.chances[BIRTH].person[A_GENERATION]) if heir else None
        self.names = given(model.nicknames)
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
        return _Column(comparison, comparison.reaches, bits, rareness)

    def _rareness(self, field: str, chance: float) -> _Rareness | None:
        known, rare = self.model.frequencies.get(field), self.model.rare
        if known is None:
            return None
        place = FIELDS.index(field) if field in FIELDS else len(FIELDS) + int(field.removeprefix("other"))
        bits: dict[object, float] = {value: log2(chance / share) for value, share in known.shares.items()}
        return _Rareness(place, bits, log2(chance / known.rarest), field in rare.get("household", ()))

    def best(self, a: Said, b: Said) -> float:
        """Return the weight of two records: of what they say and said, the two statements that are most alike."""
        if len(a) == len(b) == 1:
            return self.weight(a[0], b[0])
        return max((self.weight(one, other) for one in a for other in b), default=UNLIKE)

    def pair(self, a: Said, b: Said) -> tuple[Person, Person]:
        """Return the two statements of two records that are most alike."""
        return max(product(a, b), key=lambda two: self.weight(*two))

    def contradict(self, a: Said, b: Said) -> bool:
        """Tell whether two records cannot be one person's, by what they say now."""
        return bool(a and b) and contradict(a[0], b[0], self.names)

    def generations(self, a: Said, b: Said) -> bool:
        """Tell whether two records are of one name and of two generations, by what they say now."""
        return bool(a and b) and generations(a[0], b[0])

    def weight(self, a: Person, b: Person) -> float:
        """Return the weight of a pair in bits: 0 is as likely as not, 10 a thousand to one."""
        if a.legal or b.legal:
            return sum(row.bits for row in organizations(a, b))
        person, household, namesake, initial = self.rivals(a, b)
        others = 1.0 + 2.0**household + 2.0**namesake + 2.0**initial
        if self.heir is not None and birth_date(a, b) == A_GENERATION:
            others += 2.0 ** (person + self.heir)  # alike in all but the date, as one person would be
        if a.keys and b.keys:
            person += sum(row.bits for row in self._declared(a, b))
        return round(person - log2(others), PLACES)

    def rivals(self, a: Person, b: Person) -> Rivals:
        """Return the bits for one person, one household, namesakes and people of one initial, each against strangers."""
        person, household, namesake, initial = self.prior
        for _, reaches, levels, rareness in self.columns:
            level = reaches(a, b)
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
        if a.legal or b.legal:
            return organizations(a, b)
        rows = [
            Row("prior", "two records of all", self.prior[0]),
            *self._compared(a, b),
            *self._declared(a, b),
        ]
        seen = self.weight(a, b)
        return [
            *rows,
            Row("household or namesake", "what else explains it", seen - sum(row.bits for row in rows)),
        ]

    def _compared(self, a: Person, b: Person) -> Iterator[Row]:
        for comparison, reaches, levels, rareness in self.columns:
            level = reaches(a, b)
            if level != NOTHING:
                rare = rareness[level]
                bits = levels[level][0] + (rare.of(a, b) if rare else 0.0)
                yield Row(comparison.name, comparison.levels[level].name, bits)

    def _declared(self, a: Person, b: Person) -> Iterator[Row]:
        """Yield what a shared key adds that the mappings of both declare to identify: with nothing else said, as much as ALONE.

        Whose given name or birth date is another shares a mailbox or a telephone: there what the model learnt has to do. Another
        surname beside the same given name does not speak against them: people marry.
        """
        shared = {key.partition(":")[0].partition(".")[0] for key in a.keys if key in b.keys}
        if not shared:
            return
        rows = {row.field: row for row in self._compared(a, b)}
        differs = contradict(a, b, self.names)
        for kind in sorted(shared):
            enough = self.model.threshold + ALONE.get(kind, ALONE["service"]) - self.prior[0]
            if kind not in COMPARED:
                yield Row(kind, "the same", enough)
            elif not differs and kind in rows:
                yield Row(kind, "declared to identify", max(0.0, enough - rows[kind].bits))
            elif not differs:
                yield Row(kind, "the same, now or once", enough)
        if not differs and "given" in rows:
            lost = sum(min(0.0, rows[name].bits) for name in SURNAMES if name in rows)
            if lost:
                yield Row("family", "another, as who marries has", -lost)
