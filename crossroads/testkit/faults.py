"""A transport that fails on command: before sending, after sending, or with a wrong answer."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import RemoteDisconnected
from io import BytesIO
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

Fault: TypeAlias = Literal[
    "unreachable",
    "lost",
    "dropped",
    "truncated",
    "html",
    "unauthorized",
    "forbidden",
    "throttled",
    "busy",
    "broken",
]
"""`unreachable` is never sent, `lost` and `dropped` are carried out first, the rest are wrong answers."""

RETRY_AFTER = 7
_PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
_STATUS = {"html": 200, "unauthorized": 401, "forbidden": 403, "throttled": 429, "busy": 503, "broken": 500}


@dataclass
class _Plan:
    fault: Fault
    times: int
    when: Callable[[PreparedRequest], bool]


class FaultyTransport(BaseAdapter):
    """Passes requests on to `inner` (the network, if not given), except those that are to fail.

    `seen` lists method and path of every request that was asked of it, failed ones included.
    """

    def __init__(self, inner: BaseAdapter | None = None) -> None:
        super().__init__()
        self._inner = inner or HTTPAdapter()
        self._plans: list[_Plan] = []
        self._lock = threading.Lock()
        self.seen: list[tuple[str, str]] = []

    def fail(
        self, fault: Fault, *, times: int = 1, when: Callable[[PreparedRequest], bool] | None = None
    ) -> None:
        """Make the next `times` requests for which `when` is true (all, if not given) fail this way."""
        self._plans.append(_Plan(fault, times, when or (lambda _: True)))

    def heal(self) -> None:
        """Fail no more."""
        self._plans.clear()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send, or fail as planned."""
        fault = self._due(request)
        if fault == "unreachable":
            raise requests.ConnectTimeout("planned", request=request)
        if fault in _STATUS:
            return _answer(
                request, _STATUS[fault], _PAGE, {"Content-Type": "text/html", "Retry-After": str(RETRY_AFTER)}
            )
        response = self._inner.send(request, *args, **kwargs)
        if fault == "lost":
            raise requests.ReadTimeout("planned", request=request)
        if fault == "dropped":
            raise requests.ConnectionError(
                ProtocolError("planned", RemoteDisconnected("planned")), request=request
            )
        if fault == "truncated":
            return _answer(
                request,
                response.status_code,
                response.content[: len(response.content) // 2],
                response.headers,
            )
        return response

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()

    def _due(self, request: PreparedRequest) -> Fault | None:
        with self._lock:
            self.seen.append((request.method or "", urlsplit(request.url or "").path))
            for plan in self._plans:
                if plan.times > 0 and plan.when(request):
                    plan.times -= 1
                    return plan.fault
        return None


def _answer(request: PreparedRequest, status: int, body: bytes, headers: Any) -> Response:
    kept = {
        name: value
        for name, value in headers.items()
        if name.lower() not in ("content-length", "content-encoding")
    }
    raw = HTTPResponse(BytesIO(body), headers=kept, status=status, preload_content=False)
    return HTTPAdapter().build_response(request, raw)
