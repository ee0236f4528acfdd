"""The three systems behind HTTP, in a process of their own: they live on when a run is killed."""

import multiprocessing
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from crossroads.testkit.faults import SENT_AGAIN
from sandbox.crash.ring import Ring

PAGE = 3


class Door(BaseHTTPRequestHandler):
    """`/{system}/people[/{key}]` is what connectors see; `/people/...` is how the trial lets people act."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes, and would wait for each other
    ring = Ring()
    lock = threading.Lock()

    def do_GET(self) -> None:
        """List, fetch, find."""
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        system = parts.path.split("/")[1]
        with self.lock:
            if parts.path == "/people/all":
                return self._answer(200, self._all())
            self.ring.passed()
            records = self.ring.remotes[system].records
            if "keys" in asked:
                found = [records[key] for key in asked["keys"].split(",") if key in records]
                return self._answer(200, {"items": found})
            if "reference" in asked:
                found = [r for r in records.values() if r.get("reference") == asked["reference"]]
                own = f"own-{asked['reference']}"
                gone = [own] if own in self.ring.remotes[system].gone and own not in records else []
                return self._answer(200, {"items": found, "gone": gone})
            return self._answer(200, self.ring.listed(system, int(asked.get("after", "0")), PAGE))

    def do_POST(self) -> None:
        """Create, or let people act."""
        parts, body = self.path.split("/"), self._body()
        with self.lock:
            if parts[1] == "people":
                return self._answer(200, self._act(parts[2], body))
            self.ring.passed()
            return self._answer(*self.ring.create(parts[1], self._by, body, again=self._again))

    def do_PUT(self) -> None:
        """Create under an own number; a second one is refused."""
        _, system, _, key = self.path.split("/")
        body = self._body()
        with self.lock:
            self.ring.passed()
            self._answer(*self.ring.create(system, self._by, body, key, again=self._again))

    def do_PATCH(self) -> None:
        """Change."""
        _, system, _, key = self.path.split("/")
        body, match = self._body(), self.headers.get("If-Match")
        with self.lock:
            self.ring.passed()
            status, record = self.ring.update(system, self._by, key, body, match, again=self._again)
            self._answer(status, record)

    def _act(self, verb: str, body: dict[str, Any]) -> Any:
        match verb:
            case "reset":
                Door.ring = Ring()
            case "create":
                return self.ring.create(body["system"], "people", body["record"])[1]
            case "update":
                return self.ring.update(body["system"], "people", body["key"], body["record"])[1]
            case "delete":
                self.ring.delete(body["system"], body["key"])
            case "later":
                self.ring.planned.append(
                    (self.ring.asked + body["after"], body["system"], body["key"], body["record"])
                )
            case "calm":
                self.ring.planned.clear()
        return {}

    def _all(self) -> dict[str, Any]:
        records = {name: remote.records for name, remote in self.ring.remotes.items()}
        return {"records": records, "acts": [list(act) for act in self.ring.acts]}

    @property
    def _by(self) -> str:
        return self.headers.get("X-Intent", "nobody")

    @property
    def _again(self) -> bool:
        return SENT_AGAIN in self.headers

    def _body(self) -> Any:
        return orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, status: int, body: Any) -> None:
        content = orjson.dumps(body)
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    parent = 0

    def service_actions(self) -> None:
        """End with the process that started us, however that one ended."""
        if os.getppid() != self.parent:
            os._exit(0)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers die in the middle of a request: that is what they are here for."""


def _serve(listener: socket.socket) -> None:
    server = _Quiet(listener.getsockname(), Door, bind_and_activate=False)
    server.socket.close()
    server.socket, server.parent = listener, os.getppid()
    server.serve_forever()


@contextmanager
def running() -> Iterator[str]:
    """Yield the address of the three systems."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
    process.start()
    listener_address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    try:
        yield listener_address
    finally:
        process.terminate()
        process.join()
