"""What counts as a change of a record, seen from outside: methods, paths and answers only."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

WRITING = {"POST", "PUT", "PATCH", "MERGE", "DELETE"}
CONTROL = ("/_mock", "/_sandbox", "/oauth", "/api/v1/apps", "/sap/bc/sec")
"""Paths on which nothing is kept that anybody would call a record."""
_REQUEST = re.compile(rb"\s*([A-Z]+)\s+(\S+)\s+HTTP/")
_STATUS = re.compile(rb"\s*HTTP/1\.1\s+(\d+)")
_RFC = "/sap/bc/rfc/"
_CHANGING_FUNCTION = re.compile(r"CREATE|CHANGE|POST|DELETE")


@dataclass(slots=True)
class Tally:
    """How many records were created and changed, and which."""

    creates: int = 0
    updates: int = 0
    by_key: Counter[str] = field(default_factory=Counter)
    _answered: set[str] = field(default_factory=set)

    def note(self, method: str, path: str, asked: bytes, status: int, headers: Any, answer: bytes) -> None:
        """Look at one exchange and count what it changed."""
        if method not in WRITING or status >= 300 or path.startswith(CONTROL):
            return
        if path.partition("?")[0].endswith("/$batch"):
            for inner, target in changes_in_batch(asked, answer, str(headers.get("Content-Type", ""))):
                self._count(inner, target)
        elif path.startswith(_RFC):
            if _CHANGING_FUNCTION.search(path) and not _refused(answer):
                self._count("POST", path.removeprefix(_RFC))
        else:
            self._count_one(method, path, headers, answer)

    def said(self) -> dict[str, Any]:
        """The count in the words every stand-in uses."""
        total = {"writes": self.creates + self.updates, "creates": self.creates, "updates": self.updates}
        return total | {"by_key": dict(self.by_key)}

    def _count_one(self, method: str, path: str, headers: Any, answer: bytes) -> None:
        key = path.partition("?")[0].rpartition("/")[2]
        if method == "POST":
            made = _id(answer) or str(headers.get("Location", "")).rpartition("/")[2] or key
            # An idempotent repeat is answered with the record of the first time.
            if f"{path} {made}" in self._answered:
                return
            if made != key:
                self._answered.add(f"{path} {made}")
            key = made
        self._count(method, key)

    def _count(self, method: str, key: str) -> None:
        if method == "POST":
            self.creates += 1
        else:
            self.updates += 1
        self.by_key[key.partition("?")[0]] += 1


def changes_in_batch(asked: bytes, answer: bytes, answered_as: str) -> Iterator[tuple[str, str]]:
    """Yield method and target of every operation of an OData `$batch` that was carried out."""
    boundary = asked.lstrip().partition(b"\r\n")[0].removeprefix(b"--").decode("ascii", "replace")
    asked_parts = _parts(asked, f'multipart/mixed; boundary="{boundary}"')
    for request, response in zip(asked_parts, _parts(answer, answered_as), strict=False):
        # A change set that fails is answered by one error for all of it: its first operation then meets that.
        operations = request.get_payload() if request.is_multipart() else [request]
        answers = response.get_payload() if response.is_multipart() else [response]
        for operation, result in zip(operations, answers, strict=False):
            line, status = _REQUEST.match(_body(operation)), _STATUS.match(_body(result))
            if line and status and line[1].decode() in WRITING and int(status[1]) < 300:
                yield line[1].decode(), line[2].decode()


def _parts(body: bytes, content_type: str) -> list[Any]:
    whole = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return list(whole.get_payload()) if whole.is_multipart() else []


def _body(part: Any) -> bytes:
    # `decode=True` only undoes the transfer encoding, which is `binary` here.
    body = part.get_payload(decode=True) if isinstance(part, Message) else b""
    return body if isinstance(body, bytes) else b""


def _id(answer: bytes) -> str | None:
    try:
        body = json.loads(answer)
    except ValueError:
        return None
    return str(body["id"]) if isinstance(body, dict) and "id" in body else None


def _refused(answer: bytes) -> bool:
    try:
        rows = json.loads(answer).get("RETURN", [])
    except (ValueError, AttributeError):
        return True
    rows = rows if isinstance(rows, list) else [rows]
    return any(row.get("TYPE") in ("E", "A") for row in rows)
