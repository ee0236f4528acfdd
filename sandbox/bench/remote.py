"""Systems in memory behind real HTTP, in a process of their own, each call as slow as a real one; any of them may be dead."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from crossroads.connector import Connector, Settings
from crossroads.errors import OutcomeUnknown
from crossroads.protocols.budget import Budget
from crossroads.protocols.http import Http, Retries
from crossroads.records import Batch, Change, Found, Record, State, Stream, Unknown, WriteResult, Written

LATENCY = 0.1  # seconds, as a call over the internet takes
PAGE = 200


class NoSettings(Settings):
    """None."""


class Remote(Connector[NoSettings]):
    """One of these systems: pages of people by sequence, one call a write, four at a time."""

    def __init__(self, url: str, name: str, budget: Budget, timeout: tuple[float, float]) -> None:
        super().__init__(NoSettings(), [Stream("people", "key", writable=True, write_size=20)])
        self.http = Http(f"{url}/{name}", budget=budget, timeout=timeout, retries=Retries(), parallel=4)

    def check(self) -> None:
        """Ask for nothing."""
        self.http.get("/read", {"after": 1 << 60})

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield pages in the order of change."""
        after = int(since.cursor.get("seq", 0))
        while rows := self.http.get("/read", {"after": after}).body:
            after = rows[-1]["seq"]
            yield Batch(rows, State({"seq": after}), last=len(rows) < PAGE and not since)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield records by key."""
        yield from self.http.request("POST", "/fetch", json=list(keys), safe=True).body

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Write one call a change."""
        return self.http.in_order(self._write, changes)

    def _write(self, change: Change) -> WriteResult:
        body = {"key": change.key, "record": change.record, "reference": change.reference}
        try:
            told = self.http.request("POST", "/write", json=body).body
        except OutcomeUnknown as lost:
            return Unknown(change, str(lost))
        return Written(change, told["key"], told["version"], told)

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Search by reference."""
        found = self.http.get("/find", {"reference": change.reference}).body
        return [Found(one["key"], one["version"], one) for one in found]

    def close(self) -> None:
        """Release connections."""
        self.http.close()


class Host(ThreadingHTTPServer):
    """Serves several systems, and counts the calls to each."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, systems: Sequence[str]) -> None:
        super().__init__(listener.getsockname(), Face, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.systems: dict[str, dict[str, Record]] = {name: {} for name in systems}
        self.calls, self.writes, self.tick = dict.fromkeys(systems, 0), dict.fromkeys(systems, 0), 0
        self.deaths: dict[str, str] = {}
        self.lock = threading.Lock()

    def put(self, name: str, key: str, fields: Record) -> Record:
        """Change a record; it comes last in the order of change, which is the dictionary's."""
        self.tick += 1
        before = self.systems[name].pop(key, {})
        record = {**before, **fields, "key": key, "seq": self.tick, "version": str(self.tick)}
        self.systems[name][key] = record
        return record


class Face(BaseHTTPRequestHandler):
    """`/NAME/read|fetch|write|find` is a system; `/-/...` is ours: kill, load, and how many writes there were."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Host

    def do_GET(self) -> None:
        """Answer, after as long as a real system takes."""
        body = orjson.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        path, _, query = self.path.partition("?")
        _, name, verb = path.split("/", 2)
        if name == "-":
            return self._say(200, self._ours(verb, body))
        with self.server.lock:
            self.server.calls[name] += 1
            death = self.server.deaths.get(name)
        if death == "silent":
            time.sleep(3600)
        if death:
            return self._say(503, {})
        time.sleep(LATENCY)
        with self.server.lock:
            told = self._theirs(name, verb, query.partition("=")[2], body)
        return self._say(200, told)

    do_POST = do_GET  # noqa: N815 - the server calls it so

    def _theirs(self, name: str, verb: str, asked: str, body: Any) -> Any:
        rows = self.server.systems[name]
        if verb == "read":
            return [row for row in rows.values() if row["seq"] > int(asked)][:PAGE]
        if verb == "fetch":
            return [rows[key] for key in body if key in rows]
        if verb == "find":
            return [row for row in rows.values() if row.get("reference") == asked]
        self.server.writes[name] += 1
        fields = body["record"] | ({} if body["key"] else {"reference": body["reference"]})
        return self.server.put(name, body["key"] or f"{len(rows) + 1:07d}", fields)

    def _ours(self, verb: str, body: Any) -> Any:
        host = self.server
        if verb == "die":
            host.deaths = body
        elif verb == "put":
            for key, fields in body["people"].items():
                host.put(body["system"], key, fields)
        return {"writes": host.writes, "calls": host.calls}

    def _say(self, status: int, body: Any) -> None:
        said = orjson.dumps(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(listener: socket.socket, systems: Sequence[str]) -> None:
    Host(listener, systems).serve_forever()


@contextmanager
def running(*systems: str) -> Iterator[str]:
    """Yield the address of a process that serves these systems, empty and alive."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_serve, args=(listener, systems), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.terminate()
        process.join()
        listener.close()
