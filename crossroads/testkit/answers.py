"""Answers that no system meant to give: pages instead of JSON, and bodies that end too early."""

from collections.abc import Mapping
from http.client import RemoteDisconnected
from io import BytesIO

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

GONE = RemoteDisconnected("planned")
_PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
_OF_THE_WAY = ("content-length", "content-encoding", "transfer-encoding")


def answer(request: PreparedRequest, status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    """Return an answer with this body."""
    kept = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_WAY}
    raw = HTTPResponse(BytesIO(body), headers=kept, status=status, preload_content=False)
    return HTTPAdapter().build_response(request, raw)


def page(request: PreparedRequest, status: int, headers: Mapping[str, str]) -> Response:
    """Return a log-in page, as proxies give it with any status."""
    return answer(request, status, _PAGE, {"Content-Type": "text/html", **headers})


def truncated(request: PreparedRequest, response: Response) -> Response:
    """Return half of an answer as if it were whole: a proxy that lost the rest."""
    return answer(
        request, response.status_code, response.content[: len(response.content) // 2], response.headers
    )


def cut(request: PreparedRequest, response: Response) -> Response:
    """Return an answer whose connection breaks in the middle of its body."""
    half = response.content[: len(response.content) // 2]
    headers = {
        **{name: value for name, value in response.headers.items() if name.lower() not in _OF_THE_WAY},
        "Content-Length": str(len(response.content) + 1),
    }
    raw = HTTPResponse(
        BytesIO(half),
        headers=headers,
        status=response.status_code,
        preload_content=False,
        enforce_content_length=True,
        request_method=request.method,
    )
    return HTTPAdapter().build_response(request, raw)
