"""`$batch`: several operations in one call; a changeset of it is carried out whole or not at all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from requests.structures import CaseInsensitiveDict

from crossroads.protocols.answers import Answer

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One request inside a batch; `path` is below the service root, percent-encoded."""

    method: str
    path: str = field(repr=False)
    record: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def encode(changesets: Sequence[Sequence[Operation]]) -> tuple[bytes, str]:
    """Return the body of a batch of changesets, and its boundary."""
    outer = f"batch_{uuid4().hex}"
    lines: list[bytes] = []
    for operations in changesets:
        inner = f"changeset_{uuid4().hex}"
        lines += [f"--{outer}".encode(), f"Content-Type: multipart/mixed; boundary={inner}".encode(), b""]
        for operation in operations:
            lines += [f"--{inner}".encode(), *_request(operation)]
        lines += [f"--{inner}--".encode()]
    lines += [f"--{outer}--".encode(), b""]
    return b"\r\n".join(lines), outer


def _request(operation: Operation) -> list[bytes]:
    body = b"" if operation.record is None else orjson.dumps(operation.record)
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **operation.headers,
    }
    return [
        b"Content-Type: application/http",
        b"Content-Transfer-Encoding: binary",
        b"",
        f"{operation.method} {operation.path} HTTP/1.1".encode(),
        *(f"{name}: {value}".encode() for name, value in headers.items()),
        b"",
        body,
    ]


def decode(answer: Answer) -> list[list[Answer]] | None:
    """Return the answers by changeset, one for all if it failed; None if this is no whole batch."""
    parts = _parts(answer.content, answer.headers.get("Content-Type", ""))
    if parts is None:
        return None
    found: list[list[Answer]] = []
    for headers, body in parts:
        kind = headers.get("Content-Type", "")
        if kind.lower().startswith("multipart/"):
            inner = _parts(body, kind)
            if inner is None:
                return None
            found.append([_answer(part) for _, part in inner])
        else:
            found.append([_answer(body)])
    return found


def _parts(body: bytes, content_type: str) -> list[tuple[Mapping[str, str], bytes]] | None:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    mark = b"--" + boundary[1].strip().encode()
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(mark), body)
    # Behind the last mark nothing should come; of an answer that was cut off, the broken part is left out.
    return [_headed(piece.lstrip(b"\r\n")) for piece in pieces[1:-1]]


def _headed(piece: bytes) -> tuple[Mapping[str, str], bytes]:
    head, _, body = piece.replace(b"\r\n", b"\n", piece.count(b"\r\n")).partition(b"\n\n")
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    return headers, body


def _answer(piece: bytes) -> Answer:
    status_line, _, rest = piece.lstrip(b"\r\n").partition(b"\n")
    headers, body = _headed(rest) if not rest.startswith((b"\n", b"\r\n")) else ({}, rest)
    words = status_line.split()
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    content = body.strip()
    try:
        decoded = orjson.loads(content) if content else None
    except orjson.JSONDecodeError:
        decoded = None
    return Answer(status, headers, decoded, content)
