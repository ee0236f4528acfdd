"""One GraphQL document with many mutations, each under an alias of its own and with its own variables."""

from collections.abc import Mapping
from typing import Any


class Mutations:
    """Collects mutations; `document` and `variables` are then sent in one request.

    Shopify carries the fields of a mutation out one after the other, and one that is refused leaves the
    others as they are.
    """

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {}
        self._declared: list[str] = []
        self._fields: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._fields)

    def add(self, alias: str, field: str, arguments: Mapping[str, tuple[str, Any]], selection: str) -> None:
        """Add one mutation; `arguments` are its names with type and value."""
        given = []
        for name, (kind, value) in arguments.items():
            variable = f"{alias}_{name}"
            self._declared.append(f"${variable}: {kind}")
            self.variables[variable] = value
            given.append(f"{name}: ${variable}")
        self._fields.append(f"{alias}: {field}({', '.join(given)}) {{ {selection} }}")

    @property
    def document(self) -> str:
        """The text of the request."""
        return f"mutation ({', '.join(self._declared)}) {{ {' '.join(self._fields)} }}"
