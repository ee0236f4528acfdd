"""The records near those that moved, as they are linked again."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

Evidence = Sequence[tuple[str, str, str]]
"""Pairs of addresses, each with why they are one: a key, `must`, `created`, or the bits that speak for it."""


class Node(NamedTuple):
    """A contribution near one that moved, and its profile; a deleted one still tells that others are one person."""

    id: str
    address: str
    profile: str | None


class Near(NamedTuple):
    """The contributions by address, and how they split: the addresses of each group with the evidence for it."""

    nodes: Mapping[str, Node]
    groups: Sequence[tuple[Collection[str], Evidence]]

    def __repr__(self) -> str:
        return f"Near({len(self.nodes)} records, {len(self.groups)} groups)"
