"""`$filter`: the part of it that clients need to read by change and by key."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox.sap_s4.refusal import Refusal

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()])|(?P<typed>datetimeoffset|datetime|guid|time)'(?P<stamp>[^']*)'|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<number>-?\d+(?:\.\d+)?[mM]?)\b|(?P<word>[A-Za-z_]\w*))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a is not None and a > b,
    "ge": lambda a, b: a is not None and a >= b,
    "lt": lambda a, b: a is not None and a < b,
    "le": lambda a, b: a is not None and a <= b,
}
Test = Callable[[dict[str, Any]], bool]


def matching(text: str, known: set[str]) -> Test:
    """Return the test a `$filter` stands for."""
    tokens = list(_tokens(text))
    test, rest = _either(tokens, known)
    if rest:
        raise _invalid(text)
    return test


def _tokens(text: str) -> Iterator[tuple[str, Any]]:
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _invalid(text)
        place = found.end()
        if found["typed"]:
            yield "value", stamp(found["stamp"])
        elif found["text"] is not None:
            yield "value", found["text"].replace("''", "'")
        elif found["number"]:
            yield "value", found["number"].rstrip("mM")
        elif found["word"] in ("true", "false"):
            yield "value", found["word"] == "true"
        else:
            yield ("mark", found["mark"]) if found["mark"] else ("word", found["word"])


def _either(tokens: list[tuple[str, Any]], known: set[str]) -> tuple[Test, list[tuple[str, Any]]]:
    tests = []
    while True:
        test, tokens = _all(tokens, known)
        tests.append(test)
        if tokens[:1] != [("word", "or")]:
            return (lambda row: any(one(row) for one in tests)), tokens
        tokens = tokens[1:]


def _all(tokens: list[tuple[str, Any]], known: set[str]) -> tuple[Test, list[tuple[str, Any]]]:
    tests = []
    while True:
        test, tokens = _one(tokens, known)
        tests.append(test)
        if tokens[:1] != [("word", "and")]:
            return (lambda row: all(one(row) for one in tests)), tokens
        tokens = tokens[1:]


def _one(tokens: list[tuple[str, Any]], known: set[str]) -> tuple[Test, list[tuple[str, Any]]]:
    if tokens[:1] == [("mark", "(")]:
        test, rest = _either(tokens[1:], known)
        if rest[:1] != [("mark", ")")]:
            raise _invalid("parentheses")
        return test, rest[1:]
    if len(tokens) < 3 or tokens[0][0] != "word" or tokens[1][1] not in _COMPARE or tokens[2][0] != "value":
        raise _invalid("comparison")
    name, compare, value = tokens[0][1], _COMPARE[tokens[1][1]], tokens[2][1]
    if name not in known:
        raise Refusal(400, "/IWBEP/CM_MGW_RT/021", f"Property {name} not found")
    return (lambda row: compare(row.get(name), value)), tokens[3:]


def stamp(text: str) -> datetime:
    """Return the moment of a datetime or datetimeoffset literal."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _invalid(what: str) -> Refusal:
    return Refusal(400, "/IWBEP/CM_MGW_RT/000", f"Invalid system query option: {what}")
