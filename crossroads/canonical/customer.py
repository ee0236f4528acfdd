"""A person or an organisation we serve."""

from datetime import date
from typing import Literal

from crossroads.canonical.common import Address, Canonical, Email, Phone, Service


class Customer(Canonical):
    """A customer: names after RFC 9553 (two surnames), everything else after schema.org.

    `display_name` is what they call themselves, in one piece: no other name is taken from it. `tax_id` is the number under which
    a state taxes them. `identifiers` are numbers that name this customer in a certain system ("erp": "1000042"); `extensions`
    keeps, below the system's name, what has no place of its own.
    """

    kind: Literal["person", "organization"] = "person"
    given_name: str | None = None
    family_name: str | None = None
    family_name2: str | None = None
    legal_name: str | None = None
    display_name: str | None = None
    title: Literal["ms", "mr", "mx", "company"] | None = None
    birth_date: date | None = None
    tax_id: str | None = None
    language: str | None = None
    status: Literal["active", "blocked"] | None = None
    emails: dict[str, Email] = {}
    phones: dict[str, Phone] = {}
    addresses: dict[str, Address] = {}
    services: dict[str, Service] = {}
    identifiers: dict[str, str] = {}
    extensions: dict[str, dict[str, str]] = {}
