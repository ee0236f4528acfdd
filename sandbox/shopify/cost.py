"""What a query costs, and the bucket of points that pays for it: Shopify limits by cost, not by calls.

An object costs 1, a mutation 10, a connection is sized by `first`; more than 1,000 points are refused, and
what was asked for but not returned is given back. The 2 points of a connection itself are an assumption: the
vendor's page names only the rule.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_list_type,
)
from graphql.type import is_leaf_type
from graphql.type.definition import GraphQLNonNull

MOST = 1000
_FREE = {"PageInfo", "UserError", "CustomerSetUserError", "OrderCreateUserError"}
PLANS = {"vendor": (2_000.0, 100.0), "demo": (40_000.0, 2_000.0)}
"""(size of the bucket, points a second): the standard plan, and the vendor's largest one."""


def requested(
    schema: GraphQLSchema, root: GraphQLObjectType, selections: SelectionSetNode, variables: Mapping[str, Any]
) -> int:
    """Return the most that these selections can cost."""
    total = 0
    for node in selections.selections:
        if isinstance(node, InlineFragmentNode):
            inner = schema.get_type(node.type_condition.name.value) if node.type_condition else root
            total += requested(schema, _object(inner), node.selection_set, variables)
            continue
        if not isinstance(node, FieldNode) or node.selection_set is None:
            continue
        field = root.fields[node.name.value]
        named = get_named_type(field.type)
        if is_leaf_type(named) or named.name in _FREE:
            continue
        inside = requested(schema, _object(named), node.selection_set, variables)
        if root is schema.mutation_type:
            total += 10 + inside
        elif named.name.endswith("Connection"):
            total += 2 + _size(node, variables) * inside
        elif is_list_type(field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type):
            total += (1 + inside) * (_size(node, variables) if node.arguments else 1)
        else:
            total += 1 + inside
    return total


def spent(data: Any, *, mutation: bool) -> int:
    """Return what an answer really cost: its objects, 2 a connection, 10 a mutation."""
    if mutation:
        return sum(9 + _objects({**(payload or {}), "userErrors": None}) for payload in (data or {}).values())
    return sum(map(_objects, (data or {}).values()))


def _objects(data: Any) -> int:
    if isinstance(data, list):
        return sum(map(_objects, data))
    if not isinstance(data, dict):
        return 0
    inside = sum(_objects(value) for key, value in data.items() if key != "pageInfo")
    return inside + (2 if "pageInfo" in data else 1)


def _object(named: Any) -> Any:
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType), named
    return named


def _size(node: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in node.arguments or ():
        value: Any = argument.value
        if isinstance(value, VariableNode):
            value = variables.get(value.name.value)
        elif isinstance(value, IntValueNode):
            value = int(value.value)
        if argument.name.value == "first" and isinstance(value, int):
            return value
        if argument.name.value == "ids" and isinstance(value, list):
            return len(value)
    return 1


@dataclass
class Bucket:
    """Points that refill steadily."""

    maximum: float
    rate: float
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._level, self._at = self.maximum, self.clock()

    @property
    def available(self) -> float:
        """What is left now."""
        now = self.clock()
        self._level = min(self.maximum, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def take(self, points: float) -> bool:
        """Take points if there are enough; negative ones are given back."""
        if self.available < points:
            return False
        self._level = min(self.maximum, self._level - points)
        return True

    def status(self) -> dict[str, float]:
        """Return the vendor's `throttleStatus`."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available),
            "restoreRate": self.rate,
        }
