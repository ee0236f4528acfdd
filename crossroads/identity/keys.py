"""The values of a document that identify its person, as `kind:value`, and how far each kind is believed."""

from collections.abc import Sequence
from functools import lru_cache

from crossroads.canonical import Document
from crossroads.records import LONGEST_KEY

STRENGTH = {"reference": 0, "id": 0, "tax_id": 0, "service": 1, "email": 2, "phone": 3}
"""Orders and conversations are merged in this order: numbers given by a system, accounts, addresses, telephones."""

CAP = 25
"""A value that more records carry than this identifies nobody: a switchboard, info@, a placeholder."""


@lru_cache
def kind_of(path: str) -> str:
    """Return the kind of key that the values of a canonical path are.

    >>> kind_of("emails.main.address"), kind_of("identifiers.erp"), kind_of("services.mastodon.user")
    ('email', 'id.erp', 'service.mastodon')
    """
    group, _, rest = path.partition(".")
    label = rest.partition(".")[0]
    match group:
        case "emails":
            return "email"
        case "phones":
            return "phone"
        case "identifiers":
            return f"id.{label}"
        case "services":
            return f"service.{label}"
        case _:
            return group


def strength(key: str) -> int:
    """Return how strong a key is: less is stronger."""
    return STRENGTH[key.partition(":")[0].partition(".")[0]]


def keys_of(document: Document, identity: Sequence[str]) -> list[str]:
    """Return the keys a document carries, for the paths its mapping declares as identifying; a text of pages is none.

    >>> keys_of({"emails.main.address": "a@b.example"}, ["emails.main.address", "identifiers.erp"])
    ['email:a@b.example']
    """
    found = {f"{kind_of(path)}:{document[path]}" for path in identity if document.get(path)}
    return sorted(key for key in found if len(key) <= LONGEST_KEY)
