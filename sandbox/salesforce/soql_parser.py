"""The piece of SOQL the sandbox understands: SELECT ... FROM ... WHERE ... ORDER BY ... LIMIT."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.errors import Refused
from sandbox.salesforce.schema import OBJECTS, Object
from sandbox.salesforce.soql import Query, Test, instant

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)|(?P<number>\d+)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|[=<>(),]))"
)
_EXACT = ("id", "reference", "datetime", "date", "boolean")
"""Kinds that are compared as they are; text is compared without regard to case."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def parse(text: str) -> Query:
    """Return what the query asks for, or refuse it as the vendor does."""
    return _Parser(text).query()


@dataclass(slots=True)
class _Parser:
    text: str
    at: int = 0
    tokens: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = 0
        stripped = self.text.rstrip()
        while place < len(stripped):
            match = _TOKEN.match(stripped, place)
            if not match or not match.lastgroup:
                raise self.malformed(stripped[place : place + 1])
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()

    def malformed(self, what: str) -> Refused:
        return Refused(400, "MALFORMED_QUERY", f"unexpected token: {what or '<EOF>'}")

    def peek(self) -> str:
        return self.tokens[self.at][1].upper() if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> tuple[str, str]:
        if self.at >= len(self.tokens) or (expected and self.peek() not in expected):
            raise self.malformed(self.tokens[self.at][1] if self.at < len(self.tokens) else "")
        self.at += 1
        return self.tokens[self.at - 1]

    def query(self) -> Query:
        self.take("SELECT")
        names = [self.word()]
        while self.peek() == ",":
            self.take(",")
            names.append(self.word())
        self.take("FROM")
        name = self.word()
        kind = OBJECTS.get(name)
        if kind is None:
            raise Refused(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        fields = tuple(self.column(kind, each) for each in names)
        test = self.where(kind) if self.peek() == "WHERE" else Query(kind, ()).test
        order = self.ordering(kind) if self.peek() == "ORDER" else ()
        limit = self.limit() if self.peek() == "LIMIT" else None
        if self.at < len(self.tokens):
            raise self.malformed(self.tokens[self.at][1])
        return Query(kind, fields, test, order, limit)

    def limit(self) -> int:
        self.take("LIMIT")
        group, value = self.take()
        if group != "number":
            raise self.malformed(value)
        return int(value)

    def word(self) -> str:
        group, value = self.take()
        if group != "word":
            raise self.malformed(value)
        return value

    def column(self, kind: Object, name: str) -> str:
        if name not in kind.fields:
            message = (
                f"No such column '{name}' on entity '{kind.name}'. Append '__c' to a custom field's name."
            )
            raise Refused(400, "INVALID_FIELD", message)
        return name

    def where(self, kind: Object) -> Test:
        self.take("WHERE")
        return self.either(kind)

    def either(self, kind: Object) -> Test:
        tests = [self.both(kind)]
        while self.peek() == "OR":
            self.take("OR")
            tests.append(self.both(kind))
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self, kind: Object) -> Test:
        tests = [self.condition(kind)]
        while self.peek() == "AND":
            self.take("AND")
            tests.append(self.condition(kind))
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def condition(self, kind: Object) -> Test:
        if self.peek() == "(":
            self.take("(")
            inner = self.either(kind)
            self.take(")")
            return inner
        name = self.column(kind, self.word())
        if kind.fields[name].length > 255:
            raise Refused(400, "INVALID_FIELD", f"field '{name}' can not be filtered in a query call")
        folds = kind.fields[name].kind not in _EXACT

        def said(row: dict[str, Any]) -> Any:
            return row[name].lower() if folds and row[name] else row[name]

        if self.peek() == "IN":
            self.take("IN")
            values = set(self.listed(kind, name))
            return lambda row: said(row) in values
        sign = self.take(*_COMPARE)[1]
        compare, value = _COMPARE[sign], self.value(kind, name)
        if value is None or sign in ("=", "!="):
            return lambda row: compare(said(row), value)
        return lambda row: row[name] is not None and compare(said(row), value)

    def listed(self, kind: Object, name: str) -> list[Any]:
        self.take("(")
        values = [self.value(kind, name)]
        while self.peek() == ",":
            self.take(",")
            values.append(self.value(kind, name))
        self.take(")")
        return values

    def value(self, kind: Object, name: str) -> Any:
        group, text = self.take()
        column = kind.fields[name]
        if group == "word" and text.upper() in ("NULL", "TRUE", "FALSE"):
            return {"NULL": None, "TRUE": True, "FALSE": False}[text.upper()]
        if column.kind in ("datetime", "date"):
            if group != ("time" if column.kind == "datetime" else "date"):
                message = f"value of filter criterion for field '{name}' must be of type {column.kind}"
                raise Refused(400, "INVALID_FIELD", f"{message} and should not be enclosed in quotes")
            return instant(text) if group == "time" else text
        if group != "text":
            raise Refused(
                400, "INVALID_FIELD", f"value of filter criterion for field '{name}' must be in quotes"
            )
        plain = re.sub(r"\\(.)", r"\1", text[1:-1])
        if column.kind in ("id", "reference"):
            found = ids.normal(plain)
            if found is None:
                raise Refused(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {plain}")
            return found
        return plain.lower()

    def ordering(self, kind: Object) -> tuple[tuple[str, bool], ...]:
        self.take("ORDER")
        self.take("BY")
        order = []
        while True:
            name = self.column(kind, self.word())
            descending = self.peek() == "DESC"
            if self.peek() in ("ASC", "DESC"):
                self.take()
            order.append((name, descending))
            if self.peek() != ",":
                return tuple(order)
            self.take(",")
