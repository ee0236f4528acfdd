"""What made-up customers are made of: names as frequent as names are, streets, telephones, mailboxes."""

from bisect import bisect_left
from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

import yaml

from crossroads.identity.names import folded

COUNTRIES = ("ES", "GB", "DE")
LOCALES = {"ES": "es_ES", "GB": "en_GB", "DE": "de_DE"}
PROVIDERS = (
    *["gmail.com"] * 45, *["hotmail.com"] * 15, *["outlook.com"] * 10,
    *["yahoo.es", "yahoo.co.uk", "gmx.de", "web.de", "icloud.com", "telefonica.net", "btinternet.com", "t-online.de"] * 4,
)  # fmt: skip


class Drawn:
    """Values of which the first are drawn much more often than the last, as names are."""

    def __init__(self, values: Sequence[str], steep: float) -> None:
        self.values = values
        self.sums = list(accumulate(1 / (place + 3) ** steep for place in range(len(values))))

    def draw(self, random: Random) -> str:
        """Return one of them."""
        return self.values[bisect_left(self.sums, random.random() * self.sums[-1])]


class Names(NamedTuple):
    """The names of a country."""

    male: Drawn
    female: Drawn
    family: Drawn


class Place(NamedTuple):
    """A door."""

    kind: int
    stem: str
    house: str
    city: str
    postcode: str


class World:
    """Countries with their names, streets and cities; everything is drawn by one `random`."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.data: dict[str, Any] = yaml.safe_load((files(__package__) / "places.yaml").read_text())
        self.names = {country: _names(LOCALES[country]) for country in COUNTRIES}

    def place(self, country: str) -> Place:
        """Return a door in a city; a few cities have most of them."""
        random, data = self.random, self.data[country]
        kind, stem = random.randrange(5), random.choice(self.data["stems"]) + random.choice(data["more"])
        rank = min(int(random.expovariate(1 / 9)), 39)
        city, zone = data["cities"][rank], random.randrange(30)
        match country:
            case "ES":
                code = f"{rank + 8:02d}{zone:03d}"
            case "DE":
                code = f"{rank * 2 + 10:02d}{zone * 7 + 100:03d}"
            case _:
                unit = f"{random.randrange(9) + 1}{random.choice('ABDEFG')}{random.choice('HJLNP')}"
                code = f"{city[:2].upper()}{zone % 20 + 1} {unit}"
        return Place(kind, stem, str(random.randrange(1, 160)), city, code)

    def phone(self, country: str) -> str:
        """Return a mobile number without its calling code."""
        random = self.random
        match country:
            case "ES":
                return f"{random.choice('67')}{random.randrange(10**8):08d}"
            case "GB":
                return f"7{random.randrange(10**9):09d}"
            case _:
                return f"15{random.choice('1257')}{random.randrange(10**8):08d}"

    def email(self, given: str, family: str, year: int) -> str:
        """Return an address made of a name; another of that name may have the same."""
        random = self.random
        first, last = folded(given).replace(" ", ""), folded(family).replace(" ", "")
        kind = random.random()
        if kind < 0.3:
            user = f"{first}.{last}"
        elif kind < 0.5:
            user = f"{first[0]}{last}"
        elif kind < 0.65:
            user = f"{first}{year % 100:02d}{last[:2]}"
        elif kind < 0.75:
            user = f"{last}.{first[0]}"
        else:
            user = f"{first}{last}{random.randrange(100)}"
        if random.random() < 0.5:
            user += str(random.randrange(1, 999))
        return f"{user}@{random.choice(PROVIDERS)}"


def _names(locale: str) -> Names:
    provider = import_module(f"faker.providers.person.{locale}").Provider

    def shuffled(values: Any, steep: float) -> Drawn:
        listed = list(dict.fromkeys(values))
        Random(7).shuffle(listed)
        return Drawn(listed, steep)

    male, female = (
        [name for name in getattr(provider, f"first_names_{sex}") if " " not in name]
        for sex in ("male", "female")
    )
    return Names(shuffled(male, 0.8), shuffled(female, 0.8), shuffled(provider.last_names, 0.75))
