"""A system that counts: how many calls it got in any window of its own, and what it refused."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Counting:
    """Refuses with 429 what exceeds `limit` in any `window` seconds; `answer` says what it gives otherwise."""

    limit: int = 1_000_000
    window: float = 1.0
    answer: Callable[[str], tuple[int, bytes]] = lambda path: (200, b"{}")
    url: str = ""
    calls: list[tuple[float, str]] = field(default_factory=list)
    refused: int = 0

    def count(self, path: str) -> tuple[int, bytes]:
        now = time.monotonic()
        busy = sum(1 for at, _ in self.calls[-2 * self.limit :] if at > now - self.window)
        if busy >= self.limit:
            self.refused += 1
            return 429, b"{}"
        self.calls.append((now, path))
        return self.answer(path)


@contextmanager
def counting(**told: Any) -> Iterator[Counting]:
    system, lock = Counting(**told), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                status, body = system.count(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the server calls it so

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    system.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
