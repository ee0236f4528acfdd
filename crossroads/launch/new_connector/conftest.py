"""A stand-in for Acme Shop; make it refuse, page and limit as the real one does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from requests.adapters import BaseAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crossroads import registry
from crossroads.connector import Connector
from crossroads.testkit.contract import QUICK
from sandbox.serve import running

TOKEN = "a-token-of-the-stand-in"

Opener = Callable[[BaseAdapter], Connector[Any]]


class AcmeShop:
    """Customers in a list, one changed every hour."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = [
            {
                "id": n,
                "email": f"c{n}@shop.example",
                "updated_at": f"2026-01-{n // 24 + 1:02}T{n % 24:02}:00:00Z",
            }
            for n in range(1, 51)
        ]

    async def me(self, request: Request) -> Response:
        """Answer who is asking."""
        return self._refusal(request) or JSONResponse({"name": "Crossroads"})

    async def customers(self, request: Request) -> Response:
        """List, find or create customers."""
        if refusal := self._refusal(request):
            return refusal
        if request.method == "POST":
            row = json.loads(await request.body())["customer"]
            if "@" not in row.get("email", ""):
                return JSONResponse({"error": "email is invalid"}, 422)
            self.rows.append({"id": len(self.rows) + 1, "updated_at": "2026-02-01T00:00:00Z", **row})
            return JSONResponse({"customer": self.rows[-1]}, 201)
        asked = request.query_params
        found = [row for row in self.rows if row["updated_at"] >= asked.get("updated_since", "")]
        if "reference" in asked:
            found = [row for row in found if row.get("reference") == asked["reference"]]
        start, limit = int(asked.get("offset", 0)), int(asked.get("limit", 20))
        return JSONResponse({"data": found[start : start + limit], "total": len(found)})

    async def customer(self, request: Request) -> Response:
        """Show or change one customer."""
        if refusal := self._refusal(request):
            return refusal
        number = int(request.path_params["number"])
        if number > len(self.rows):
            return JSONResponse({"error": "not found"}, 404)
        if request.method == "PATCH":
            changed = json.loads(await request.body())["customer"]
            self.rows[number - 1] |= changed
            return JSONResponse({"customer": self.rows[number - 1]})
        return JSONResponse(self.rows[number - 1])

    def _refusal(self, request: Request) -> Response | None:
        known = request.headers.get("authorization") == f"Bearer {TOKEN}"
        return None if known else Response(status_code=401)

    def app(self) -> Starlette:
        """Return the application to serve."""
        return Starlette(
            routes=[
                Route("/me", self.me),
                Route("/customers", self.customers, methods=["GET", "POST"]),
                Route("/customers/{number:int}", self.customer, methods=["GET", "PATCH"]),
            ]
        )


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Return what opens a connector over a stand-in of its own."""
    with running(AcmeShop().app()) as address:
        settings = {"base_url": address, "token": TOKEN}
        yield lambda transport: registry.open("acme_shop", settings, transport=transport, retries=QUICK)
