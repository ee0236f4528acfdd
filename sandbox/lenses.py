"""How plain records of people, orders and posts are read and written: the mapping of the systems in memory and in trials."""

from typing import Any

from crossroads.mapping import Lens, compiled
from crossroads.mapping.language import Mapping

FIELDS: dict[str, dict[str, Any]] = {
    "customer": {
        "given_name": {"at": "given"},
        "family_name": {"at": "family", "max": 40},
        "emails.main.address": {"at": "mail", "as": "email"},
        "phones.mobile.number": {"at": "mobile", "as": "phone", "region": "DE"},
        "addresses.main.street": {"at": "street"},
        "addresses.main.locality": {"at": "city"},
    },
    "order": {
        "reference": {"at": "reference"},
        "customer": {"at": "buyer", "as": "reference", "to": "customer", "stream": "people"},
        "delivery_status": {"at": "status", "as": "choice", "of": {"open": "open", "delivered": "delivered"}},
    },
    "interaction": {
        "reference": {"at": "reference"},
        "author": {"at": "author", "as": "reference", "to": "customer", "stream": "people"},
        "content": {"at": "text"},
    },
}
IDENTITY = {
    "customer": ["emails.main.address", "phones.mobile.number"],
    "order": ["reference"],
    "interaction": ["reference"],
}
STREAMS = {"customer": "people", "order": "orders", "interaction": "posts"}


def lens(system: str, entity: str, **more: dict[str, Any] | None) -> Lens:
    """Return the lens of a system's records; `more` are lines beside the usual ones, or instead of them, None for one less."""
    lines = {path: line for path, line in {**FIELDS[entity], **more}.items() if line is not None}
    return Lens(
        compiled(
            Mapping.model_validate(
                {
                    "mapping": f"{system}/{entity}",
                    "system": system,
                    "stream": STREAMS[entity],
                    "canonical": entity,
                    "key": "key",
                    "changed_at": {"at": "changed", "as": "instant"},
                    "identity": IDENTITY[entity],
                    "fields": lines,
                    "create": {"reference": "reference"} if entity == "customer" else {},
                }
            )
        )
    )
