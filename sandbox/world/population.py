"""Who is in which system, since when, with which differences: the whole world from one seed."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sandbox.world.conversation import messages
from sandbox.world.people import Person, people
from sandbox.world.plant import Scene, planted
from sandbox.world.strangers import Strange, strangers
from sandbox.world.trade import orders
from sandbox.world.truth import WRITABLE, Held, World, key

MEMBERSHIP: tuple[tuple[tuple[str, ...], int], ...] = (
    (("erp", "crm", "shop"), 300),
    (("erp", "crm"), 250),
    (("erp", "shop"), 200),
    (("crm", "shop"), 200),
    (("erp",), 150),
    (("crm",), 250),
    (("shop",), 450),
    (("social",), 100),
    (("community",), 100),
)
"""How many of 2,000 persons are held by which systems."""
ON_THE_NETWORK, IN_THE_COMMUNITY = 0.075, 0.1
"""The share of persons who are there besides being customers."""

FIRST_DAY = date(2026, 2, 2)
# A partner's change is known by the day only, so on the ERP's days nobody else changes a record.
ERP_DAYS = tuple(FIRST_DAY + timedelta(days=14 * step) for step in range(12))
OTHER_DAYS = tuple(sorted({FIRST_DAY + timedelta(days=step) for step in range(200)} - set(ERP_DAYS)))


def build(count: int = 2000, seed: int = 20261122) -> World:
    """Return the world of `count` persons; the same seed gives the same world."""
    rng = random.Random(seed)
    systems = _systems(count, rng)
    persons, strange = strangers(people(count, rng), systems)
    scenes = [_scene(person, where, rng) for person, where in zip(persons, systems, strict=True)]
    scenes = [
        _strange(scene, strange[scene.person.id]) if scene.person.id in strange else planted(scene, rng)
        for scene in scenes
    ]
    world = World(
        seed=seed,
        persons={person.id: person for person in persons},
        records=[held for scene in scenes for held in scene.held],
        cells=[cell for scene in scenes for cell in scene.cells],
        apart=sorted((each.like, each.person) for each in strange.values() if each.like),
    )
    _elsewhere(world, dict(zip(world.persons, systems, strict=True)), set(strange), rng)
    plain = [held for held in world.records if held.person not in strange]
    orders(world, plain, rng)
    messages(world, rng)
    return world


def _systems(count: int, rng: random.Random) -> list[tuple[str, ...]]:
    total = sum(share for _, share in MEMBERSHIP)
    found = [where for where, share in MEMBERSHIP for _ in range(max(1, round(count * share / total)))]
    found = (found + [("shop",)] * count)[:count]
    rng.shuffle(found)
    return found


def _scene(person: Person, where: Sequence[str], rng: random.Random) -> Scene:
    number = int(person.id[1:])
    days = dict(zip(where, rng.sample(OTHER_DAYS, len(where)), strict=True))
    if "erp" in days:
        days["erp"] = rng.choice(ERP_DAYS)
    held = [
        Held(
            connection=system,
            key=key(system, number),
            person=person.id,
            changed=datetime(day.year, day.month, day.day, rng.randrange(24), rng.randrange(60), tzinfo=UTC),
            given_name=person.given_name,
            family_name=person.family_name,
            email=person.email,
            mobile=person.mobile,
            address=person.address,
            language=person.language,
            erp_number=key("erp", number) if system == "crm" and "erp" in where else None,
        )
        for system, day in days.items()
        if system in WRITABLE
    ]
    return Scene(person, tuple(sorted(held, key=lambda each: each.changed)))


def _strange(scene: Scene, strange: Strange) -> Scene:
    held = tuple(strange.says(each) for each in scene.held)
    return replace(scene, held=held, cells=strange.cells(held))


def _elsewhere(
    world: World, systems: dict[str, tuple[str, ...]], strange: set[str], rng: random.Random
) -> None:
    """Give some persons an account on the network, whose handle the CRM knows, or a membership."""
    for person, where in systems.items():
        if "social" in where or (
            "crm" in where and person not in strange and rng.random() < 2 * ON_THE_NETWORK
        ):
            _join(world, "social", world.persons[person].handle, person)
        if "community" in where or (
            set(where) & set(WRITABLE) and person not in strange and rng.random() < IN_THE_COMMUNITY
        ):
            _join(world, "community", key("community", int(person[1:])), person)


def _join(world: World, connection: str, name: str, person: str) -> None:
    who = world.persons[person]
    joined = datetime(2026, 1, 10, 12, tzinfo=UTC)
    if connection == "social":
        world.records.append(Held(connection, name, person, joined, handle=who.handle))
        for index, held in enumerate(world.records):
            if held.person == person and held.connection == "crm":
                world.records[index] = replace(held, handle=who.handle)
    else:
        world.records.append(
            Held(connection, name, person, joined, who.given_name, who.family_name, email=who.email)
        )
