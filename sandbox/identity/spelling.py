"""How a system's record spells a person: what it leaves out, shortens, mistypes or has from years ago."""

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from crossroads.identity.names import folded
from sandbox.identity.world import Place, World

if TYPE_CHECKING:
    from sandbox.identity.customers import Human


class Gaps(NamedTuple):
    """How often a system's records have no birth date, e-mail address, telephone or address."""

    born: float
    email: float
    phone: float
    place: float


SOURCES = {
    "erp": Gaps(0.10, 0.25, 0.30, 0.03),
    "crm": Gaps(0.30, 0.15, 0.15, 0.15),
    "shop": Gaps(0.70, 0.01, 0.20, 0.05),
    "social": Gaps(0.55, 0.25, 0.85, 0.97),
    "community": Gaps(0.85, 0.02, 0.95, 0.99),
}
PLACEHOLDERS = ("noemail@noemail.com", "info@example.com", "na@na.com", "test@test.com", "cliente@tienda.es")
NO_PHONE = {"ES": "600000000", "GB": "7000000000", "DE": "15100000000"}
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Entered(NamedTuple):
    """What one record says; None is nothing."""

    source: str
    first_name: str
    last_name: str
    dob: str | None
    email: str | None
    phone: str | None
    street: str | None
    house_no: str | None
    city: str | None
    postcode: str | None
    country: str | None


def entered(world: World, human: "Human", source: str, again: bool) -> Entered:
    """Return the record that a system has of a person; one of a person who is known elsewhere, `again`, differs more."""
    random = world.random
    if again:
        human = _changed(world, human)
    gaps = SOURCES[source]
    given, last = _name(random, human, source)
    born = None if random.random() < gaps.born else human.born
    email = None if random.random() < gaps.email else human.email
    phone = None if random.random() < gaps.phone else human.phone
    if random.random() < 0.004:
        email = random.choice(PLACEHOLDERS)
    if phone and random.random() < 0.004:
        phone = NO_PHONE[human.country]
    place = human.place if random.random() >= gaps.place else None
    return Entered(
        source,
        given,
        last,
        f"{born[0]:04d}-{born[1]:02d}-{born[2]:02d}" if born else None,
        _written(random, email) if email else None,
        _dialled(world, human.country, phone) if phone else None,
        _street(world, human.country, place) if place else None,
        place.house if place else None,
        place.city if place else None,
        place.postcode if place and random.random() < 0.95 else None,
        human.country if place or random.random() < 0.5 else None,
    )


def slip(random: Random, text: str) -> str:
    """Return a text with one typing error."""
    if len(text) < 3:
        return text
    place, kind = random.randrange(1, len(text)), random.random()
    before, letter, after = text[:place], text[place], text[place + 1 :]
    if kind < 0.3:
        return before + after
    if kind < 0.55 and after:
        return before + after[0] + letter + after[1:]
    if kind < 0.75:
        return before + random.choice("abcdefghilmnoprstu") + letter + after
    return before + random.choice(_neighbours(letter.lower())) + after


def _neighbours(letter: str) -> str:
    for row in ROWS:
        if (place := row.find(letter)) >= 0:
            return (row[max(0, place - 1) : place] + row[place + 1 : place + 2]) or "e"
    return "e"


def _changed(world: World, human: "Human") -> "Human":
    """Return a person as another system knows them: moved, with another number, mistyped."""
    random = world.random
    given, family, born = human.given, human.family, human.born
    place = world.place(human.country) if random.random() < 0.06 else human.place
    email = world.email(given, family, born[0]) if random.random() < 0.15 else human.email
    phone = world.phone(human.country) if random.random() < 0.12 else human.phone
    if random.random() < 0.08:
        first = given.split()[0]
        if shorts := world.data["short_names"].get(first):
            given = random.choice(shorts)
        elif random.random() < 0.2:
            given = f"{first[0]}."
    if " " in given and random.random() < 0.4:
        given = given.split()[0]
    given = slip(random, given) if random.random() < 0.07 else given
    family = slip(random, family) if random.random() < 0.08 else family
    if random.random() < 0.025:
        given, family = family, given
    born = _misread(random, born) if random.random() < 0.04 else born
    if random.random() < 0.03:
        user, _, host = email.partition("@")
        email = f"{slip(random, user)}@{host}"
    if random.random() < 0.02:
        digit = random.randrange(1, len(phone))
        phone = f"{phone[:digit]}{random.randrange(10)}{phone[digit + 1 :]}"
    return human._replace(given=given, family=family, born=born, place=place, email=email, phone=phone)


def _misread(random: Random, born: tuple[int, int, int]) -> tuple[int, int, int]:
    year, month, day = born
    if day < 13 and random.random() < 0.3:
        return year, day, month
    if random.random() < 0.6:
        return year, month, min(28, max(1, day + random.choice((-1, 1, 10))))
    return year + random.choice((-1, 1, -10, 10)), month, day


def _name(random: Random, human: "Human", source: str) -> tuple[str, str]:
    given, last = human.given, human.family
    if human.family2 and random.random() < (0.75 if source in ("erp", "crm") else 0.35):
        last += f" {human.family2}"
    if random.random() < 0.15:
        given, last = folded(given).title(), folded(last).title()
    if random.random() < 0.10:
        given, last = given.upper(), last.upper()
    return given, last


def _written(random: Random, email: str) -> str:
    if email.endswith("gmail.com") and random.random() < 0.08:
        user, _, host = email.partition("@")
        email = f"{user[:1]}.{user[1:]}@{host}" if random.random() < 0.5 else f"{user}+news@{host}"
    return email.capitalize() if random.random() < 0.1 else email


def _dialled(world: World, country: str, phone: str) -> str:
    kind, code = world.random.random(), world.data[country]["calling_code"]
    national = phone if country == "ES" else f"0{phone}"
    if kind < 0.35:
        return national
    if kind < 0.6:
        return f"+{code}{phone}"
    if kind < 0.75:
        return f"+{code} {phone[:3]} {phone[3:6]} {phone[6:]}"
    return f"{national[:3]}-{national[3:]}" if kind < 0.9 else f"00{code}{phone}"


def _street(world: World, country: str, place: Place) -> str:
    random = world.random
    written: str = world.data[country]["short" if random.random() < 0.4 else "streets"][place.kind]
    street = written.format(place.stem)
    return slip(random, street) if random.random() < 0.04 else street
