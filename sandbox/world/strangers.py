"""Persons who only look alike, records nobody can place, and records no mapping can accept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from sandbox.world.people import BY_CODE, Person
from sandbox.world.truth import Cell, Held, Outcome, said

NOWHERE = "QQ"
"""A country code that ISO 3166 leaves to its users: no mapping knows it, and mock-sap takes it."""


@dataclass(frozen=True, slots=True)
class Strange:
    """What is odd about a person: `says` makes the records odd, `like` names the other of a pair."""

    person: str
    kind: str
    says: Callable[[Held], Held]
    like: str | None = None
    field: str | None = None
    outcome: Outcome = "ask"

    def cells(self, held: Sequence[Held]) -> tuple[Cell, ...]:
        """The planted cell, for kinds that no run can or should settle."""
        if self.field is None:
            return ()
        holders = tuple(each.name for each in held)
        return (Cell(self.person, self.field, self.kind, self.outcome, said(held[-1], self.field), holders),)


def strangers(
    persons: Sequence[Person], systems: Sequence[tuple[str, ...]]
) -> tuple[list[Person], dict[str, Strange]]:
    """Return the persons, some of them renamed, and what is odd about whom."""
    found = list(persons)
    pools = {
        where: iter([index for index, each in enumerate(systems) if each == where]) for where in set(systems)
    }
    strange: dict[str, Strange] = {}

    def note(index: int, each: Strange) -> None:
        strange[found[index].id] = each

    for _ in range(max(1, len(persons) // 200)):
        for first, second in _pair(pools, ("shop",), ("crm",)):
            found[second] = replace(
                found[second], given_name=found[first].given_name, family_name=found[first].family_name
            )
            note(first, Strange(found[first].id, "namesake", _as_is))
            note(second, Strange(found[second].id, "namesake", _as_is, like=found[first].id))
        for first, second in _pair(pools, ("erp", "crm"), ("shop",)):
            found[second] = replace(_housemate(found[first], found[second]), email=found[first].email)
            note(first, Strange(found[first].id, "shared_mailbox", _as_is))
            note(second, Strange(found[second].id, "shared_mailbox", _as_is, like=found[first].id))
        for first, second in _pair(pools, ("erp", "shop"), ("crm",)):
            found[second] = replace(_housemate(found[first], found[second]), mobile=found[first].mobile)
            note(first, Strange(found[first].id, "shared_telephone", _as_is))
            note(second, Strange(found[second].id, "shared_telephone", _unwritten, like=found[first].id))
        for index in _one(pools, ("crm", "shop")):
            who = found[index]
            note(index, Strange(who.id, "called_otherwise", _called(who), field="given_name"))
        for index in _one(pools, ("erp",)):
            odd = Strange(found[index].id, "unacceptable", _nowhere, field="address", outcome="reject")
            note(index, odd)
    return found, strange


def _housemate(one: Person, other: Person) -> Person:
    """Return `other` as somebody of the same household, with another given name."""
    return replace(
        other,
        given_name=_unlike(one),
        family_name=one.family_name,
        address=one.address,
        language=one.language,
    )


def _called(person: Person) -> Callable[[Held], Held]:
    """Write another given name in the CRM, and no mobile phone: only an e-mail is left to go by."""
    other = _unlike(person)

    def says(held: Held) -> Held:
        return replace(held, given_name=other, mobile=None) if held.connection == "crm" else held

    return says


def _unlike(person: Person) -> str:
    """Return a given name of the country that nobody takes for this one."""
    names = BY_CODE[person.country].given
    return min(names, key=lambda name: SequenceMatcher(None, name, person.given_name).ratio())


def _unwritten(held: Held) -> Held:
    """Write no e-mail: the household's telephone is all there is to reach them by."""
    return replace(held, email=None)


def _nowhere(held: Held) -> Held:
    return replace(held, address=held.address and replace(held.address, country=NOWHERE))


def _as_is(held: Held) -> Held:
    return held


_Pools = dict[tuple[str, ...], Iterator[int]]


def _one(pools: _Pools, where: tuple[str, ...]) -> list[int]:
    index = next(pools[where], None)
    return [] if index is None else [index]


def _pair(pools: _Pools, one: tuple[str, ...], other: tuple[str, ...]) -> list[tuple[int, int]]:
    return [(first, second) for first in _one(pools, one) for second in _one(pools, other)]
