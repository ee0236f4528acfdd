"""The door in front of a stand-in: hands everything through, counts what changes, and can be shut.

`python -m sandbox.counter --port P --target http://127.0.0.1:T [--count]`. With `--count` it answers `GET
/_sandbox/writes` itself, for stand-ins that are not ours and do not count. Ending the door makes the stand-in
unreachable while it keeps its records.
"""

import http.client
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated
from urllib.parse import urlsplit

import orjson
import typer

from sandbox.tally import Tally

HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
TIMEOUT = 60.0


class Door(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and knows whom it leads to."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, target: str, *, count: bool) -> None:
        super().__init__(("127.0.0.1", port), Passage)
        self.target = urlsplit(target)
        self.tally = Tally() if count else None


class Passage(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Door

    def pass_on(self) -> None:
        """Hand one request to the stand-in and its answer back."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.tally and self.path == "/_sandbox/writes":
            self._answer(200, [("Content-Type", "application/json")], orjson.dumps(self.server.tally.said()))
            return
        try:
            response, answer = self._ask(body)
        except (OSError, http.client.HTTPException):
            self._answer(502, [], b"")
            return
        if self.server.tally:
            self.server.tally.note(self.command, self.path, body, response.status, response.headers, answer)
        self._answer(response.status, response.getheaders(), answer)

    def _ask(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        # A connection of its own for each request: a kept one may be closed by the other side while a request
        # is on its way, and mock-sap answers in two packets, which costs 40 ms each on a kept one.
        target = self.server.target
        upstream = http.client.HTTPConnection(str(target.hostname), target.port, timeout=TIMEOUT)
        try:
            upstream.connect()
            upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(body)))
            upstream.putheader("Connection", "close")
            upstream.endheaders(body or None)
            response = upstream.getresponse()
            return response, response.read()
        finally:
            upstream.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_MERGE = do_DELETE = do_OPTIONS = pass_on  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Stay silent: paths may carry values."""


def command(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")],
    target: Annotated[str, typer.Option(help="Address of the stand-in behind the door.")],
    count: Annotated[bool, typer.Option(help="Count changes here, for a stand-in that does not.")] = False,
) -> None:
    """Open the door until the process is ended."""
    Door(port, target, count=count).serve_forever()


if __name__ == "__main__":
    typer.run(command)
