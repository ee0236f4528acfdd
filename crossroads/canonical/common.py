"""Parts that customers, orders and interactions share, and the flat form in which the engine handles them.

A canonical record has two forms with one meaning. The *model* (pydantic, nested, frozen) is what people and programs
read. The *document* is the same thing flat: `{"given_name": "Ann", "addresses.main.country": "DE"}`. Mappings,
survivorship and the store speak of documents, because every decision here is taken field by field. Values in a document
are text, booleans or None: dates and instants are RFC 3339 text in UTC, decimals are text without exponent.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel, ConfigDict

Document: TypeAlias = dict[str, Any]
"""Dotted canonical path -> text, bool or None."""


class Canonical(BaseModel):
    """A record in the words of the business, not of any one system."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Email(Canonical):
    """One e-mail address, lower-cased; the label it hangs below ("main", "work") is its role (RFC 9553)."""

    address: str


class Phone(Canonical):
    """One telephone number in E.164."""

    number: str


class Address(Canonical):
    """One postal address; it comes from one system as a whole, streets of one and cities of another never mix."""

    street: str | None = None
    extra: str | None = None
    postal_code: str | None = None
    locality: str | None = None
    region: str | None = None
    country: str | None = None


class Service(Canonical):
    """One account on a social network or in a community, as `user` or `user@host`."""

    user: str


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every document path of a model with its type; `*` stands for a label of one's own."""
    for name, info in model.model_fields.items():
        yield from _paths(f"{prefix}{name}", info.annotation)


def _paths(path: str, annotation: Any) -> Iterator[tuple[str, Any]]:
    if get_origin(annotation) is dict:
        yield from _paths(f"{path}.*", get_args(annotation)[1])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from fields(annotation, f"{path}.")
    else:
        yield path, annotation


def knows(model: type[BaseModel], path: str) -> bool:
    """Tell whether `path` names a field of `model`.

    >>> knows(Address, "street"), knows(Address, "planet")
    (True, False)
    """
    return pattern(model, path) is not None


def pattern(model: type[BaseModel], path: str) -> str | None:
    """Return the path with labels replaced by `*`, or None if the model has no such field."""
    steps = path.split(".")
    for known, _ in fields(model):
        wanted = known.split(".")
        if len(wanted) == len(steps) and all(w in ("*", s) for w, s in zip(wanted, steps, strict=True)):
            return known
    return None


def nested(document: Document) -> dict[str, Any]:
    """Return the nested form of a document, ready for `model_validate`.

    >>> nested({"given_name": "Ann", "emails.main.address": "a@b.example"})
    {'given_name': 'Ann', 'emails': {'main': {'address': 'a@b.example'}}}
    """
    result: dict[str, Any] = {}
    for path, value in document.items():
        if value is None:
            continue
        *way, name = path.split(".")
        here = result
        for step in way:
            here = here.setdefault(step, {})
        here[name] = value
    return result
