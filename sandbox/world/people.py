"""A seeded generator of true persons: invented combinations of common names, in five countries."""

import random
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Address:
    """One postal address; `street` is the whole line, house number included."""

    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they really are, whatever the systems say."""

    id: str
    given_name: str
    family_name: str
    email: str
    mobile: str
    address: Address
    language: str
    handle: str

    @property
    def country(self) -> str:
        """The country the person lives in."""
        return self.address.country


@dataclass(frozen=True, slots=True)
class Country:
    """How people are called and live in one country."""

    code: str
    calling_code: str
    language: str
    share: int
    surnames: int
    number_first: bool
    given: list[str]
    family: list[str]
    streets: list[str]
    cities: dict[str, str]
    mobile: dict[str, Any]


COUNTRIES = tuple(
    Country(**country) for country in yaml.safe_load(Path(__file__).with_name("countries.yaml").read_text())
)
BY_CODE = {country.code: country for country in COUNTRIES}
MAIL_DOMAINS = ("example.org", "example.com", "example.net", "mail.example", "post.example", "correo.example")
SOCIAL_HOST = "mastodon.example"


def people(count: int, rng: random.Random) -> list[Person]:
    """Return `count` persons; no two share an e-mail, a mobile phone or a handle."""
    return [_person(index, rng) for index in range(1, count + 1)]


def _person(index: int, rng: random.Random) -> Person:
    country = rng.choices(COUNTRIES, [each.share for each in COUNTRIES])[0]
    given = rng.choice(country.given)
    family = " ".join(rng.sample(country.family, country.surnames))
    plain = f"{ascii_letters(given)}.{ascii_letters(family.split()[0])}{index}"
    return Person(
        id=f"p{index:05d}",
        given_name=given,
        family_name=family,
        email=f"{plain}@{rng.choice(MAIL_DOMAINS)}",
        mobile=mobile(index, country),
        address=address(rng, country),
        language=country.language,
        handle=f"{plain.replace('.', '_')}@{SOCIAL_HOST}",
    )


def address(rng: random.Random, country: Country) -> Address:
    """Return an address in a country, its number where the country puts it."""
    postal_code, city = rng.choice(list(country.cities.items()))
    street, number = rng.choice(country.streets), rng.randrange(1, 180)
    line = f"{number} {street}" if country.number_first else f"{street} {number}"
    return Address(line, postal_code, city, country.code)


def mobile(index: int, country: Country) -> str:
    """Return the mobile number with this index in E.164; no two indexes below 500,000 share one."""
    prefix, digits = country.mobile["prefix"], country.mobile["digits"]
    # A prime step spreads the numbers out and, being no factor of a power of ten, meets none of them twice.
    return f"+{country.calling_code}{prefix}{index * 7919 % 10**digits:0{digits}d}"


def ascii_letters(text: str) -> str:
    """Return a name as people write it in an e-mail address.

    >>> ascii_letters("Größer")
    'grosser'
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())
