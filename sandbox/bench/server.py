"""A loopback server that has every page ready in memory, in a process of its own: its work is not counted."""

import multiprocessing
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from sandbox.bench import partners

PAGE = 1000


class Pages(BaseHTTPRequestHandler):
    """Serves `?total=..&generation=..` and OData key paging over the same pages."""

    protocol_version = "HTTP/1.1"
    ready: dict[tuple[int, int, int], bytes] = {}
    generation = 1
    total = 0

    def do_GET(self) -> None:
        """Answer one page, or set what is served."""
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        if parts.path == "/set":
            Pages.total, Pages.generation = int(asked["total"][0]), int(asked["generation"][0])
            for first in range(0, Pages.total, PAGE):
                self._page(first)
            return self._answer(b"{}")
        after = re.search(r"BusinessPartner gt '(\d+)'", asked.get("$filter", [""])[0])
        first = int(after.group(1)) - 1_000_000_000 + 1 if after else int(asked.get("first", ["0"])[0])
        return self._answer(self._page(first))

    def _page(self, first: int) -> bytes:
        place = (first, Pages.total, Pages.generation)
        if place not in Pages.ready:
            Pages.ready[place] = partners.page(first, PAGE, Pages.total, Pages.generation)
        return Pages.ready[place]

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(listener: socket.socket) -> None:
    server = ThreadingHTTPServer(listener.getsockname(), Pages, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.serve_forever()


@contextmanager
def running() -> Iterator[str]:
    """Yield the address of a running server."""
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.terminate()
        process.join()
