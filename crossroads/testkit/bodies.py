"""The body of a request that is sent twice, or when its caller is gone: read once, so that it is there each time."""

from collections.abc import Iterable
from typing import Any

from requests import PreparedRequest


def kept(request: PreparedRequest) -> PreparedRequest:
    """Return a request that can be sent again and again: a file is empty after the first time, and may be closed by then.

    Its headers stay, so a body of unknown length goes out in chunks as before.
    """
    again = request.copy()
    body: Any = request.body
    if body is not None and not isinstance(body, str | bytes):
        again.body = b"".join(_pieces(body))
    return again


def _pieces(body: Iterable[str | bytes]) -> Iterable[bytes]:
    return (piece.encode() if isinstance(piece, str) else piece for piece in body)
