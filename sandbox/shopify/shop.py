"""The shop itself: customers and orders in memory, what it refuses, and how often each record was written."""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import phonenumbers
from graphql import GraphQLError

Node = dict[str, Any]
Place = tuple[str, int]
_HELD = {"email": ("defaultEmailAddress", "emailAddress"), "phone": ("defaultPhoneNumber", "phoneNumber")}
_SORTS = {"ID": "id", "CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "PROCESSED_AT": "processedAt"}
COUNTRY = "DE"
"""Where the shop is: the country of telephone numbers without one."""


def now() -> str:
    """Return the time as the vendor writes it: whole seconds in UTC."""
    return instant(datetime.now(UTC))


def instant(value: str | datetime) -> str:
    """Return any ISO time as `2026-11-22T10:00:00Z`, so that text order is time order."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shop:
    """Everything one shop holds."""

    def __init__(self) -> None:
        self.customers: dict[str, Node] = {}
        self.orders: dict[str, Node] = {}
        self.fulfillment_orders: dict[str, Node] = {}
        self.custom_ids: dict[str, str] = {}
        self.writes: Counter[str] = Counter()
        self.creates = 0
        self._sorted: dict[str, list[tuple[Place, Node]]] = {}
        self._number = 10_000

    def gid(self, kind: str) -> str:
        """Return a new id."""
        self._number += 1
        return f"gid://shopify/{kind}/{self._number}"

    def wrote(self, node: Node, *, counted: bool, created: bool = False) -> None:
        """Note a change: its time, and the count of writes by key."""
        node["updatedAt"] = now()
        self._sorted.clear()
        if counted:
            self.writes[node["id"]] += 1
            self.creates += created

    def drop(self, gid: str) -> None:
        """Delete a customer for good: the vendor has no bin for them."""
        del self.customers[gid]
        self.custom_ids = {name: held for name, held in self.custom_ids.items() if held != gid}
        self._sorted.clear()

    def changed(self) -> None:
        """Forget the sorted lists."""
        self._sorted.clear()

    def holder(self, kind: str, value: str | None) -> Node | None:
        """Return the customer who has this e-mail or telephone number."""
        if not value:
            return None
        place, name = _HELD[kind]
        for customer in self.customers.values():
            held = (customer.get(place) or {}).get(name)
            if held and held.casefold() == value.casefold():
                return customer
        return None

    def page(
        self,
        nodes: Mapping[str, Node],
        sortKey: str,  # noqa: N803  # the vendor's argument names
        reverse: bool,
        first: int | None = None,
        after: str | None = None,
        query: str | None = None,
    ) -> Node:
        """Return one page of a connection, sorted by the key and then by id."""
        if first is None:
            raise GraphQLError("you must provide one of first or last")
        if first > 250:
            raise GraphQLError("first cannot exceed 250")
        found = self._ordered(nodes, _SORTS[sortKey])
        for test in _tests(query):
            found = [pair for pair in found if test(pair[1])]
        if reverse:
            found = found[::-1]
        if after:
            edge = tuple(json.loads(base64.b64decode(after)))
            found = [pair for pair in found if (pair[0] < edge if reverse else pair[0] > edge)]
        shown = found[:first]
        marks = [base64.b64encode(json.dumps(place).encode()).decode() for place, _ in shown]
        return {
            "nodes": [node for _, node in shown],
            "edges": [{"cursor": mark, "node": pair[1]} for mark, pair in zip(marks, shown, strict=True)],
            "pageInfo": {
                "hasNextPage": len(found) > first,
                "hasPreviousPage": bool(after),
                "startCursor": marks[0] if marks else None,
                "endCursor": marks[-1] if marks else None,
            },
        }

    def _ordered(self, nodes: Mapping[str, Node], key: str) -> list[tuple[Place, Node]]:
        name = f"{key} {id(nodes)}"
        if name not in self._sorted:
            placed = [(_place(node, key), node) for node in nodes.values()]
            self._sorted[name] = sorted(placed, key=lambda pair: pair[0])
        return self._sorted[name]


def phone(value: str) -> str | None:
    """Return a telephone number in E.164, None if it is none."""
    try:
        number = phonenumbers.parse(value, COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _place(node: Node, key: str) -> Place:
    return ("" if key == "id" else node[key], int(node["id"].rpartition("/")[2]))


_TERM = re.compile(r"""([\w.]+):(>=|<=|>|<|)('[^']*'|"[^"]*"|\S+)\s*(?:AND\s+)?""")


def _tests(query: str | None) -> list[Callable[[Node], bool]]:
    tests: list[Callable[[Node], bool]] = []
    rest = (query or "").strip()
    while rest:
        term = _TERM.match(rest)
        if term is None or term[1] not in _FIELDS:
            # The vendor ignores what it does not know and answers with everything; that would hide a mistake.
            raise GraphQLError(f"this stand-in cannot search for: {rest.split(':')[0][:40]}")
        tests.append(_test(_FIELDS[term[1]], term[2], term[3].strip("'\"")))
        rest = rest[term.end() :]
    return tests


def _test(read: Callable[[Node], str], sign: str, value: str) -> Callable[[Node], bool]:
    if sign:
        bound = instant(value)
        return {
            ">=": lambda node: read(node) >= bound,
            "<=": lambda node: read(node) <= bound,
            ">": lambda node: read(node) > bound,
            "<": lambda node: read(node) < bound,
        }[sign]
    return lambda node: read(node).casefold() == value.casefold()


_FIELDS: dict[str, Callable[[Node], str]] = {
    "updated_at": lambda node: str(node["updatedAt"]),
    "created_at": lambda node: str(node["createdAt"]),
    "email": lambda node: str(
        (node.get("defaultEmailAddress") or {}).get("emailAddress") or node.get("email")
    ),
    "name": lambda node: str(node.get("name") or ""),
    "id": lambda node: str(node["id"].rpartition("/")[2]),
}
