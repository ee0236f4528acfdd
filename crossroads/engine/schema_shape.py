"""The shape of a stream's records: every path ever seen, with the JSON types it came with; never a value.

Kept as a tree, so that looking at a record costs a look-up per field and builds no text.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from crossroads.engine.schema_keys import escaped, like_data, plain

NULL, BOOLEAN, NUMBER, TEXT, OBJECT, LIST, OTHER = (1 << bit for bit in range(7))
NAMES: Final = {NULL: "null", BOOLEAN: "boolean", NUMBER: "number", TEXT: "text", OBJECT: "object", LIST: "list",
                OTHER: "other"}  # fmt: skip
_KINDS: Final = {type(None): NULL, bool: BOOLEAN, int: NUMBER, float: NUMBER, Decimal: NUMBER, str: TEXT, dict: OBJECT,
                 list: LIST, tuple: LIST, datetime: TEXT, date: TEXT}  # fmt: skip
DEEPEST = 12
ITEMS = 20  # of a long list, its first items speak for all
MOST_PATHS = 3000
MOST_KEYS = 200
FEW_KEYS, SPARSE = 8, 0.25  # more keys than that, each of them in fewer than a quarter of the objects: a map


class Node:
    """One path: its types, how many records had it, and at which record of the stream it was last seen.

    `counted_from` is where counting began, so that the share of records with it is `seen / (last_at - counted_from)`.
    """

    __slots__ = ("approved", "children", "counted_from", "last_at", "named", "news", "parent", "path", "seen", "seen_at", "star",
                 "state", "stored", "types")  # fmt: skip

    def __init__(self, path: str, parent: "Node | None", at: int) -> None:
        self.path, self.parent = path, parent
        self.children: dict[str, Node] = {}
        self.star: Node | None = None
        self.types = self.approved = self.seen = 0
        self.counted_from = self.last_at = at
        self.state, self.named = "approved", False
        self.stored, self.seen_at = "", ""  # the state as the store has it, and when the path was last seen
        self.news = False

    def __repr__(self) -> str:
        return f"Node({self.path})"

    @property
    def share(self) -> float:
        """Return the share of the records looked at that had this path, up to the last one that did."""
        return self.seen / max(1, self.last_at - self.counted_from)


class Shape:
    """The tree of one stream. What is seen in the `baseline` is approved by itself; later, what is new is `news`."""

    def __init__(self, named: frozenset[str], *, baseline: bool) -> None:
        self.named, self.baseline = named, baseline
        self.root = Node("", None, 0)
        self.nodes: dict[str, Node] = {}
        self.looked = 0
        self.news: list[Node] = []
        self.collapsed: list[str] = []

    def look(self, record: dict[str, Any]) -> None:
        """Take in the shape of one record."""
        self.looked += 1
        self._object(self.root, record, self.looked, 0)

    def place(self, path: str) -> Node:
        """Return the node of a path, grown where it is not there yet."""
        node = self.nodes.get(path)
        if node is None:
            above, step = _above(path)
            node = self._new(self.place(above) if above else self.root, step)
        return node

    def settle(self) -> None:
        """Take what was placed for known, and an object of which only `*` is known for one whose keys are data."""
        for node in self.news:
            node.news = False
        self.news.clear()
        for node in self.nodes.values():
            if list(node.children) == ["*"]:
                node.star = node.children["*"]

    def _object(self, node: Node, record: dict[str, Any], at: int, depth: int) -> None:
        star, get = node.star, node.children.get
        for key, value in record.items():
            child = star or get(key)
            if child is None:
                child = self._grow(node, key)
                star = node.star
            self._value(child, value, at, depth)

    def _value(self, node: Node, value: Any, at: int, depth: int) -> None:
        if node.last_at != at:
            node.last_at = at
            node.seen += 1
        kind = _KINDS.get(type(value), OTHER)
        if not node.types & kind:
            self._typed(node, kind)
        if depth < DEEPEST:
            if kind == OBJECT:
                self._object(node, value, at, depth + 1)
            elif kind == LIST:
                for one in islice(value, ITEMS):
                    item = node.children.get("[]") or self._new(node, "[]")
                    self._value(item, one, at, depth + 1)

    def _typed(self, node: Node, kind: int) -> None:
        node.types |= kind
        self.tell(node)
        if self.baseline or kind == NULL or (node.state == "approved" and not node.approved & ~NULL):
            node.approved |= kind  # a field that was always empty says nothing of its type
        elif node.state != "new":
            node.state = "retyped"

    def _grow(self, node: Node, key: str) -> Node:
        """Return the node of a key that was not there; keys that are data have one that stands for all."""
        if _path(node, escaped(key)) in self.named:
            return self._new(node, escaped(key))
        full = len(self.nodes) >= MOST_PATHS
        if node is self.root or any(child.named for child in node.children.values()):
            return self._other(node) if full or like_data(key) else self._new(node, escaped(key))
        if full or like_data(key) or self._is_map(node):
            return self._collapse(node)
        return self._new(node, escaped(key))

    def _new(self, parent: Node, step: str) -> Node:
        path = _path(parent, step)
        node = Node(path, parent, 0 if self.baseline or not self.looked else self.looked - 1)
        node.named = path in self.named
        self.tell(node)
        known = self.baseline or (
            step == "[]" and parent.state != "new"
        )  # items are no news beside their list
        node.state = "approved" if known else "new"
        parent.children[step if step in ("*", "[]") else plain(step)] = self.nodes[path] = node
        return node

    def tell(self, node: Node) -> None:
        """Note that there is something new to say of a path."""
        if not node.news:
            node.news = True
            self.news.append(node)

    def _other(self, node: Node) -> Node:
        return node.children.get("*") or self._new(node, "*")

    def _is_map(self, node: Node) -> bool:
        """Tell whether an object has too many keys, or keys that come too seldom, for them to be names of fields."""
        children = node.children.values()
        if len(children) < FEW_KEYS:
            return False
        seldom = sum(child.seen for child in children) < SPARSE * len(children) * node.seen
        return seldom or len(children) >= MOST_KEYS

    def _collapse(self, node: Node) -> Node:
        """Forget the single keys of an object: they are data."""
        for path in [path for path in self.nodes if path.startswith(f"{node.path}.")]:
            del self.nodes[path]
            self.collapsed.append(path)
        self.news = [one for one in self.news if one.path in self.nodes]
        node.children.clear()
        node.star = self._other(node)
        node.star.state = node.state if node.state == "new" else "approved"
        return node.star


def named_types(mask: int) -> list[str]:
    """Return the names of types.

    >>> named_types(NULL | TEXT), mask(["text", "null"]) == NULL | TEXT
    (['null', 'text'], True)
    """
    return [name for kind, name in NAMES.items() if mask & kind]


def mask(names: Iterator[str] | list[str]) -> int:
    """Return types by their names."""
    kinds = {name: kind for kind, name in NAMES.items()}
    return sum(kinds[name] for name in set(names))


def _path(parent: Node, step: str) -> str:
    return f"{parent.path}{step}" if step == "[]" or not parent.path else f"{parent.path}.{step}"


def _above(path: str) -> tuple[str, str]:
    if path.endswith("[]"):
        return path[:-2], "[]"
    above, _, step = path.rpartition(".")
    return above, step
