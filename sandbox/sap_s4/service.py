"""One OData service: reads, writes and batches on its records."""

import copy
import re
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

import orjson

from sandbox.sap_s4.query import matching
from sandbox.sap_s4.records import Records, Row
from sandbox.sap_s4.refusal import NOT_FOUND, Refusal
from sandbox.sap_s4.schema import Entity
from sandbox.sap_s4.wire import entity_json, etag

_SEGMENT = re.compile(r"(\w+)(?:\((.*)\))?")
_KEY = re.compile(r"(?:(\w+)=)?(?:datetimeoffset|datetime)?'((?:[^']|'')*)'")
Reply = tuple[int, dict[str, str], Any]


class Service:
    """Answers requests below one service root. `page_limit` cuts pages as a server does, with `__next`."""

    def __init__(self, root: str, records: Records, page_limit: int | None) -> None:
        self.root, self.records, self.page_limit = root, records, page_limit

    def answer(self, base: str, method: str, path: str, query: str, headers: Any, body: bytes) -> Reply:
        """Carry out one request; a refusal is an answer too."""
        try:
            return self._answer(base, method, path, dict(parse_qsl(query)), headers, body)
        except Refusal as refusal:
            return refusal.status, {}, refusal.envelope

    def _answer(
        self, base: str, method: str, path: str, asked: dict[str, str], headers: Any, body: bytes
    ) -> Reply:
        if not path:
            return 200, {}, {"d": {"EntitySets": list(self.records.entities)}}
        segments = path.split("/")
        entity, key = self._segment(segments[0])
        if method == "GET" and key is None and len(segments) == 1:
            return 200, {}, self._list(base, entity, asked)
        if method == "POST" and key is None:
            if entity is not self.records.root:
                raise Refusal(405, "/IWBEP/CM_MGW_RT/025", "Method not allowed for this entity set")
            row = self.records.create(orjson.loads(body))
            return 201, {}, {"d": self._json(base, entity, row, set(entity.navigations), set())}
        if key is None:
            raise NOT_FOUND
        row, root = self.records.find(entity, key)
        if method == "GET":
            return (
                200,
                {},
                {"d": self._json(base, entity, row, _paths(asked, "$expand"), _paths(asked, "$select"))},
            )
        if method == "POST" and len(segments) == 2 and segments[1] in entity.navigations:
            inner = self.records.entities[entity.navigations[segments[1]]]
            added = self.records.add(row, segments[1], inner, orjson.loads(body), root)
            return 201, {}, {"d": self._json(base, inner, added, set(), set())}
        if method in ("PATCH", "MERGE") and len(segments) == 1:
            self._expected(entity, row, headers)
            self.records.update(row, entity, orjson.loads(body), root)
            return 204, {}, None
        raise Refusal(405, "/IWBEP/CM_MGW_RT/025", "Method not allowed")

    def _expected(self, entity: Entity, row: Row, headers: Any) -> None:
        version, given = etag(entity, row), headers.get("if-match")
        if entity.name == "A_SalesOrder" and not given:
            raise Refusal(428, "/IWFND/CM_MGW/527", "The request must be conditional")
        if version and given and given not in ("*", version):
            raise Refusal(412, "/IWFND/CM_MGW/528", "Precondition failed")

    def _list(self, base: str, entity: Entity, asked: dict[str, str]) -> Row:
        test = matching(asked["$filter"], set(entity.properties)) if "$filter" in asked else lambda _: True
        rows = [row for row, _ in self.records.all(entity) if test(row)]
        for name in reversed(asked.get("$orderby", "").replace(" asc", "").split(",")):
            if name and name not in entity.properties:
                raise Refusal(400, "/IWBEP/CM_MGW_RT/021", f"Property {name} not found")
            rows = sorted(rows, key=lambda row: row[name]) if name else rows
        start = int(asked.get("$skiptoken", asked.get("$skip", 0)))
        end = start + int(asked["$top"]) if "$top" in asked else len(rows)
        told: Row = {"__count": str(len(rows))} if asked.get("$inlinecount") == "allpages" else {}
        if self.page_limit and min(end, len(rows)) - start > self.page_limit:
            rest = {
                **asked,
                "$skiptoken": str(start + self.page_limit),
                "$top": str(end - start - self.page_limit),
            }
            # Behind a dispatcher S/4 names its own host, which clients may not reach.
            told["__next"] = f"https://inner.example{self.root}/{entity.name}?" + "&".join(
                f"{name}={value.replace(' ', '%20')}" for name, value in rest.items() if name != "$skip"
            )
            end = start + self.page_limit
        expand, select = _paths(asked, "$expand"), _paths(asked, "$select")
        return {
            "d": {
                "results": [self._json(base, entity, row, expand, select) for row in rows[start:end]],
                **told,
            }
        }

    def _json(self, base: str, entity: Entity, row: Row, expand: set[str], select: set[str]) -> Row:
        for path in expand:
            here = entity
            for name in path.split("/"):
                if name not in here.navigations:
                    raise Refusal(400, "/IWBEP/CM_MGW_RT/021", f"Navigation {name} not found")
                here = self.records.entities[here.navigations[name]]
        return entity_json(f"{base}{self.root}", entity, self.records.entities, row, expand, select)

    def _segment(self, text: str) -> tuple[Entity, Row | None]:
        found = _SEGMENT.fullmatch(unquote(text))
        if found is None or found[1] not in self.records.entities:
            raise NOT_FOUND
        entity = self.records.entities[found[1]]
        if found[2] is None:
            return entity, None
        pairs = _KEY.findall(found[2])
        named = {name or entity.key[0]: value.replace("''", "'") for name, value in pairs}
        if set(named) != set(entity.key):
            raise Refusal(400, "/IWBEP/CM_MGW_RT/023", "Invalid key predicate")
        return entity, named

    def batch(self, base: str, content_type: str, body: bytes) -> tuple[str, bytes]:
        """Carry out a `$batch`; a changeset that fails leaves nothing behind and answers with one part."""
        mark = f"reply_{uuid4().hex}"
        lines: list[bytes] = []
        for part in _parts(content_type, body):
            lines.append(f"--{mark}".encode())
            if part.get_content_maintype() != "multipart":
                lines += [*_HTTP_PART, _http(self._inner(base, part.get_payload(decode=True)))]
                continue
            inner = f"inner_{uuid4().hex}"
            lines += [f"Content-Type: multipart/mixed; boundary={inner}".encode(), b""]
            kept = copy.deepcopy((self.records.rows, self.records.writes))
            replies = []
            for one in part.get_payload():
                replies.append(self._inner(base, one.get_payload(decode=True)))
                if replies[-1][0] >= 400:
                    self.records.rows, self.records.writes = kept
                    # A failed changeset has no multipart answer of its own.
                    lines[-2:] = [*_HTTP_PART, _http(replies[-1])]
                    break
            else:
                for reply in replies:
                    lines += [f"--{inner}".encode(), *_HTTP_PART, _http(reply)]
                lines += [f"--{inner}--".encode(), b""]
        return f"multipart/mixed; boundary={mark}", b"\r\n".join([*lines, f"--{mark}--".encode(), b""])

    def _inner(self, base: str, request: bytes) -> Reply:
        head, _, body = request.replace(b"\r\n", b"\n").partition(b"\n\n")
        first, *rest = head.decode().split("\n")
        method, target, _ = first.split(" ")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)
        }
        path, _, query = target.partition("?")
        return self.answer(base, method, path, query, headers, body.strip())


_HTTP_PART = (b"Content-Type: application/http", b"Content-Transfer-Encoding: binary", b"")


def _parts(content_type: str, body: bytes) -> list[Any]:
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    if not message.is_multipart():
        raise Refusal(400, "/IWBEP/CM_MGW_RT/098", "The batch is malformed")
    return list(message.get_payload())


def _http(reply: Reply) -> bytes:
    status, headers, body = reply
    content = b"" if body is None else orjson.dumps(body)
    told = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    head = "\r\n".join([f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in told.items())])
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def _paths(asked: dict[str, str], name: str) -> set[str]:
    return {path for path in asked.get(name, "").split(",") if path}
