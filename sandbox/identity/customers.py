"""Made-up customers of five systems by a seed, hard on purpose: who is who is known, and hardly to be seen.

One record in five is somebody's again. There are households with one door, surname, telephone or mailbox; fathers and sons of
one name; twins; people who moved, changed their number, go by a short name or are entered the wrong way round; typing
errors; placeholders for an address nobody knows; and social accounts that say a name and little more.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from sandbox.identity.spelling import SOURCES, Entered, entered
from sandbox.identity.world import COUNTRIES, Place, World

DOUBLED = 0.125
"""Share of people whom more than one record is of; with 1 to 4 more each, one record in five is one too many."""


class Human(NamedTuple):
    """A person as they are."""

    country: str
    given: str
    family: str
    family2: str | None
    born: tuple[int, int, int]
    place: Place
    phone: str
    email: str


class Customer(NamedTuple):
    """One record: who it is of, which system's, and what it says."""

    person: int
    said: Entered


def customers(count: int, seed: int) -> list[Customer]:
    """Return about so many records, in no order."""
    random = Random(seed)
    world = World(random)
    people = int(count * 0.8)
    again = count - people
    found: list[Customer] = []
    for person, human in enumerate(_humans(world, people)):
        more = 0
        if again > 0 and random.random() < DOUBLED:
            more = min(again, random.choices((1, 2, 3, 4), (45, 25, 15, 15))[0])
            again -= more
        systems = (
            random.sample(list(SOURCES), more + 1) if more else random.choices(list(SOURCES), (3, 3, 3, 1, 1))
        )
        if more and random.random() < 0.15:
            systems[-1] = systems[0]
        found += [
            Customer(person, entered(world, human, name, bool(nth))) for nth, name in enumerate(systems)
        ]
    random.shuffle(found)
    return found[:count]


def _humans(world: World, count: int) -> Iterator[Human]:
    """Yield people; one in seven or so lives with the one before."""
    before: Human | None = None
    for _ in range(count):
        before = _human(world, before)
        yield before


def _human(world: World, before: Human | None) -> Human:
    random = world.random
    country = random.choices(COUNTRIES, (5, 3, 2))[0]
    names = world.names[country]
    firsts = names.male if random.random() < 0.5 else names.female
    given = firsts.draw(random)
    if random.random() < 0.12:
        given += f" {firsts.draw(random)}"
    family, family2 = names.family.draw(random), names.family.draw(random) if country == "ES" else None
    born = (int(random.triangular(1940, 2008, 1980)), random.randrange(1, 13), random.randrange(1, 29))
    human = Human(
        country,
        given,
        family,
        family2,
        born,
        world.place(country),
        world.phone(country),
        world.email(given, family, born[0]),
    )
    kin = random.random()
    if before is None or before.country != country or kin >= 0.14:
        return human
    return _kin(random, human, before, kin)


def _kin(random: Random, human: Human, before: Human, kin: float) -> Human:
    """Return a human as one of the household before: at its door, often of its name, sometimes with its mailbox."""
    human = human._replace(place=before.place)
    if random.random() < 0.75:
        human = human._replace(
            family=before.family, family2=before.family2 if random.random() < 0.6 else human.family2
        )
    if random.random() < 0.35:
        human = human._replace(phone=before.phone)
    if random.random() < 0.2:
        human = human._replace(email=before.email)
    if kin < 0.012:  # father and son
        return human._replace(given=before.given)
    if kin < 0.018:  # twins
        return human._replace(born=before.born)
    if random.random() < 0.5:
        return human._replace(born=(min(2008, before.born[0] + random.randrange(-5, 32)), *human.born[1:]))
    return human
