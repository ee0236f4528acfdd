"""Running a stand-in: on a free port inside a test, or on a named port from the command line."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
import uvicorn

Seed: TypeAlias = dict[str, list[dict[str, Any]]]
"""Records to start with, by the vendor's own collection names and in its own field names."""

Create: TypeAlias = Callable[[Seed | None, str], Any]
"""A stand-in's `create(seed, limits)`: gives its ASGI application."""


@contextmanager
def running(app: Any, port: int = 0) -> Iterator[str]:
    """Serve `app` on 127.0.0.1 in a thread and yield its base URL, without a slash at the end."""
    listener = socket.create_server(("127.0.0.1", port))
    server = _Prompt(_config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the stand-in stopped while it was starting; its log says why")
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # Without `force_exit` the server waits for clients that keep their connection open.
        server.should_exit = server.force_exit = True
        thread.join(timeout=5)
        listener.close()


def serve(create: Create) -> None:
    """Read the command line of a stand-in and serve it until it is stopped."""

    def command(
        port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")],
        seed: Annotated[Path | None, typer.Option(help="JSON file of records to start with.")] = None,
        limits: Annotated[str, typer.Option(help="'vendor' or 'demo' (raised call limits).")] = "vendor",
    ) -> None:
        app = create(json.loads(seed.read_bytes()) if seed else None, limits)
        listener = socket.create_server(("127.0.0.1", port))
        uvicorn.Server(_config(app)).run(sockets=[listener])

    typer.run(command)


class _Prompt(uvicorn.Server):
    """Stops at once instead of within 0.2 seconds: tests start and stop it hundreds of times."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864000
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", ws="none")
