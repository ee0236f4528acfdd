"""The planted differences, one function a kind: what the systems shall hold of a person, and the truth.

The newest record of a person is right wherever it says something. So a difference is an older record that
says something else, or one that says nothing. What links the records of a person stays intact: who has a new
e-mail keeps the mobile phone, and the other way round.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sandbox.world.people import BY_CODE, Person, address, ascii_letters, mobile
from sandbox.world.truth import FIELDS, Cell, Held, Outcome, key, said


@dataclass(frozen=True, slots=True)
class Scene:
    """One person with the records the writable systems hold, oldest first, and what is planted so far."""

    person: Person
    held: tuple[Held, ...]
    cells: tuple[Cell, ...] = ()


Kind: TypeAlias = Callable[[Scene, random.Random], Scene]


def email_spelling(scene: Scene, rng: random.Random) -> Scene:
    """Older records write the e-mail with capitals; it is the same mailbox."""
    local, _, domain = scene.person.email.partition("@")
    return _outdated(
        scene, rng, "email", lambda held: f"{local.title()}@{domain.capitalize()}", "email_spelling"
    )


def changed_email(scene: Scene, rng: random.Random) -> Scene:
    """Older records have a former e-mail; the mobile phone still links them."""
    local, _, domain = scene.person.email.partition("@")
    return _outdated(scene, rng, "email", lambda held: f"{local}.old@{domain}", "changed_email")


def missing_email(scene: Scene, rng: random.Random) -> Scene:
    """One record has no e-mail."""
    return _missing(scene, rng, "email")


def phone_format(scene: Scene, rng: random.Random) -> Scene:
    """Older records write the mobile phone the way people do."""
    return _outdated(
        scene, rng, "mobile", lambda held: _as_written(scene.person, held.connection, rng), "phone_format"
    )


def changed_mobile(scene: Scene, rng: random.Random) -> Scene:
    """Older records have a former mobile phone; the e-mail still links them."""
    # Half a million away from every index in use.
    former = mobile(500_000 + int(scene.person.id[1:]), BY_CODE[scene.person.country])
    return _outdated(scene, rng, "mobile", lambda held: former, "changed_mobile")


def missing_mobile(scene: Scene, rng: random.Random) -> Scene:
    """One record has no mobile phone."""
    return _missing(scene, rng, "mobile")


def moved_house(scene: Scene, rng: random.Random) -> Scene:
    """Older records have the former address."""
    former = address(rng, BY_CODE[scene.person.country])
    return _outdated(scene, rng, "address", lambda held: former, "moved_house")


def missing_address(scene: Scene, rng: random.Random) -> Scene:
    """One record has no address."""
    return _missing(scene, rng, "address")


def married_name(scene: Scene, rng: random.Random) -> Scene:
    """Older records have the name before the wedding."""
    country = BY_CODE[scene.person.country]
    former = " ".join(rng.sample(country.family, country.surnames))
    return _outdated(scene, rng, "family_name", lambda held: former, "married_name")


def name_spelling(scene: Scene, rng: random.Random) -> Scene:
    """Older records write the family name without its accents, or all in capitals."""
    plain = " ".join(ascii_letters(part).capitalize() for part in scene.person.family_name.split())
    spelt = rng.choice((plain, scene.person.family_name.upper()))
    return _outdated(scene, rng, "family_name", lambda held: spelt, "name_spelling")


def name_slip(scene: Scene, rng: random.Random) -> Scene:
    """Older records have the family name with two letters in each other's place."""
    name = scene.person.family_name
    place = rng.randrange(1, len(name) - 1)
    slipped = f"{name[:place]}{name[place + 1]}{name[place]}{name[place + 2 :]}"
    if slipped == name or " " in slipped[place - 1 : place + 3]:
        return scene
    return _outdated(scene, rng, "family_name", lambda held: slipped, "name_slip")


def unreachable(scene: Scene, rng: random.Random) -> Scene:
    """One record has neither e-mail nor mobile phone: only its name and its door tell whose it is."""
    expected = {name: said(scene.held[-1], name) for name in ("email", "mobile")}
    emptied = rng.randrange(len(scene.held))
    held = tuple(
        replace(each, email=None, mobile=None) if index == emptied else each
        for index, each in enumerate(scene.held)
    )
    for name, value in expected.items():
        scene = _planted(scene, held, name, "unreachable", "settle", value)
    return scene


def changed_language(scene: Scene, rng: random.Random) -> Scene:
    """The older one of ERP and shop still has the former language, or the ERP has none."""
    both = [held for held in scene.held if held.connection in FIELDS["language"]]
    if len(both) < 2:
        return scene
    former = None if both[0].connection == "erp" and rng.random() < 0.5 else "en"
    if former == scene.person.language:
        former = "de"
    held = tuple(_with(each, "language", former) if each is both[0] else each for each in scene.held)
    return _planted(scene, held, "language", "changed_language", "settle", scene.person.language)


def missing_number(scene: Scene, rng: random.Random) -> Scene:
    """The CRM does not know the ERP's number of the partner."""
    numbers = [held.key for held in scene.held if held.connection == "erp"]
    if not numbers or not any(held.connection == "crm" for held in scene.held):
        return scene
    emptied = tuple(replace(held, erp_number=None) for held in scene.held)
    return _planted(scene, emptied, "erp_number", "missing_number", "settle", numbers[0])


def twice_in_crm(scene: Scene, rng: random.Random) -> Scene:
    """The CRM holds the person a second time, with a former address and without the ERP's number."""
    first = next((held for held in scene.held if held.connection == "crm"), None)
    if first is None or not (first.email or first.mobile):
        return scene  # a copy at another door would be nobody's
    if any(cell.field in ("address", "erp_number") for cell in scene.cells):
        return scene
    country = BY_CODE[scene.person.country]
    second = replace(
        first,
        key=key("crm", 500_000 + int(scene.person.id[1:])),
        changed=first.changed.replace(month=1, day=1),
        address=address(rng, country),
        erp_number=None,
    )
    held = (second, *scene.held)
    cells = [replace(cell, holders=_holders(held, cell.field)) for cell in scene.cells]
    scene = _planted(
        replace(scene, cells=tuple(cells)),
        held,
        "address",
        "twice_in_crm",
        "settle",
        said(scene.held[-1], "address"),
    )
    number = next((each.key for each in held if each.connection == "erp"), None)
    return _planted(scene, held, "erp_number", "twice_in_crm", "settle", number) if number else scene


IDENTITY: tuple[tuple[Kind | None, int], ...] = (
    (email_spelling, 12), (changed_email, 16), (missing_email, 14),
    (phone_format, 14), (changed_mobile, 12), (missing_mobile, 14), (unreachable, 6), (None, 12),
)  # fmt: skip
PLACE: tuple[tuple[Kind | None, int], ...] = ((moved_house, 30), (missing_address, 15), (None, 55))
NAME: tuple[tuple[Kind | None, int], ...] = (
    (married_name, 10),
    (name_spelling, 15),
    (name_slip, 8),
    (None, 67),
)
RECORD: tuple[tuple[Kind | None, int], ...] = ((missing_number, 40), (None, 60))
LANGUAGE: tuple[tuple[Kind | None, int], ...] = ((changed_language, 15), (None, 85))
DOUBLE: tuple[tuple[Kind | None, int], ...] = ((twice_in_crm, 22), (None, 78))

TELLING = (PLACE, NAME)
"""What must not change as well where a record has nothing else."""


def planted(scene: Scene, rng: random.Random) -> Scene:
    """Return the scene with at most one difference of each group, so that the links hold."""
    if len(scene.held) < 2:
        return scene
    for group in (IDENTITY, PLACE, NAME, LANGUAGE, RECORD, DOUBLE):
        kind = rng.choices([kind for kind, _ in group], [share for _, share in group])[0]
        if kind and not (group in TELLING and any(cell.kind == "unreachable" for cell in scene.cells)):
            scene = kind(scene, rng)
    return scene


def _outdated(scene: Scene, rng: random.Random, name: str, former: Callable[[Held], Any], kind: str) -> Scene:
    count = rng.randrange(1, len(scene.held))
    held = tuple(
        _with(each, name, former(each)) if index < count else each for index, each in enumerate(scene.held)
    )
    if held == scene.held:
        return scene
    return _planted(scene, held, name, kind, "settle", said(held[-1], name))


def _missing(scene: Scene, rng: random.Random, name: str) -> Scene:
    expected = said(scene.held[-1], name)
    emptied = rng.randrange(len(scene.held))
    held = tuple(
        _with(each, name, None) if index == emptied else each for index, each in enumerate(scene.held)
    )
    return _planted(scene, held, name, f"missing_{name}", "settle", expected)


def _with(held: Held, name: str, value: Any) -> Held:
    changed: dict[str, Any] = {name: value}
    return replace(held, **changed)


def _planted(
    scene: Scene, held: tuple[Held, ...], name: str, kind: str, outcome: Outcome, expected: str | None
) -> Scene:
    cell = Cell(scene.person.id, name, kind, outcome, expected, _holders(held, name))
    return replace(scene, held=held, cells=(*scene.cells, cell))


def _holders(held: tuple[Held, ...], name: str) -> tuple[str, ...]:
    return tuple(each.name for each in held if each.connection in FIELDS[name])


def _as_written(person: Person, connection: str, rng: random.Random) -> str:
    """Write the number with blanks, or with 00 and dashes; a shop keeps E.164 only."""
    calling = BY_CODE[person.country].calling_code
    number = person.mobile.removeprefix(f"+{calling}")
    if connection == "shop":
        return person.mobile
    return rng.choice(
        (f"+{calling} {number[:3]} {number[3:]}", f"00{calling} {number[:3]}-{number[3:6]}-{number[6:]}")
    )
