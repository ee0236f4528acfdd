"""A server that stays while the stand-in behind it is exchanged: a fresh one a test, without a new start."""

from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Stage:
    """An ASGI application that passes everything on to `app`."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
