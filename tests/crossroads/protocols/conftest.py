"""A transport without a network: it answers what the test says, and remembers what it was asked."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import orjson
import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse


class Scripted(BaseAdapter):
    """Gives `answers` one after the other, the last one again and again; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers, self.asked = list(answers), []  # type: ignore[var-annotated]

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        told = {"Content-Type": "application/json", **headers}
        raw = HTTPResponse(BytesIO(content), headers=told, status=status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        pass


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    return Scripted
