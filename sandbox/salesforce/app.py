"""The org's HTTP face: who may come in, how often, and where each path leads."""

import secrets
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.errors import Refused, RowRefused
from sandbox.salesforce.limits import NAMED, Limits
from sandbox.salesforce.org import Org
from sandbox.salesforce.resources import ROOT, Resources, answer
from sandbox.serve import Seed

CLIENT_ID = "crossroads-sandbox"
SCRIPT_ID = "sandbox-script"
"""A second client, for scripts that play the people who work in the org: its changes are not counted."""
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - opens nothing but this stand-in

_ABSENT = ("INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", "MALFORMED_ID")

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


def create(seed: Seed | None = None, limits: str | Limits = "vendor") -> Starlette:
    """Return an org as an ASGI application, holding the seeded records."""
    return _Face(Org(seed), NAMED[limits] if isinstance(limits, str) else limits).app()


class _Face:
    def __init__(self, org: Org, limits: Limits) -> None:
        self.org = org
        self.limits = limits
        self.tokens: dict[str, str] = {}
        self.calls = 0
        self.resources = Resources(org, limits)

    def app(self) -> Starlette:
        rows = f"{ROOT}/sobjects/{{kind}}"
        collection = f"{ROOT}/composite/sobjects"
        upsert = self.guarded(self.resources.upsert_many)
        routes = [
            Route("/services/oauth2/token", self.token, methods=["POST"]),
            Route(f"{ROOT}/query", self.guarded(self.resources.query)),
            Route(f"{ROOT}/query/", self.guarded(self.resources.query)),
            Route(f"{ROOT}/query/{{locator}}", self.guarded(self.resources.more)),
            Route(f"{rows}/describe", self.guarded(self.resources.describe)),
            Route(f"{rows}/deleted", self.guarded(self.resources.gone)),
            Route(f"{rows}/deleted/", self.guarded(self.resources.gone)),
            Route(rows, self.guarded(self.resources.insert), methods=["POST"]),
            Route(f"{rows}/", self.guarded(self.resources.insert), methods=["POST"]),
            Route(f"{rows}/{{key}}", self.guarded(self.resources.single), methods=["GET", "PATCH", "DELETE"]),
            Route(collection, self.guarded(self.resources.update_many), methods=["PATCH"]),
            Route(f"{collection}/{{kind}}", self.guarded(self.resources.retrieve), methods=["POST"]),
            Route(f"{collection}/{{kind}}/{{external}}", upsert, methods=["PATCH"]),
            Route("/_sandbox/writes", self.writes),
            Route("/_sandbox/lock", self.lock, methods=["POST"]),
            Route("/_sandbox/expire", self.expire, methods=["POST"]),
            Route("/_sandbox/undelete", self.undelete, methods=["POST"]),
            Route("/_sandbox/purge", self.purge, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    def guarded(self, handler: Handler) -> Handler:
        async def checked(request: Request) -> Response:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self.tokens:
                refused = Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
                return answer(refused.body, refused.status)
            self.calls += 1
            used = {"Sforce-Limit-Info": f"api-usage={self.calls}/{self.limits.calls_per_day}"}
            if self.calls > self.limits.calls_per_day:
                refused = Refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
                return answer(refused.body, refused.status, used)
            # Read here, so that the handler never waits and no other client's change is counted as its own.
            await request.body()
            self.org.counting = self.tokens[token] == CLIENT_ID
            try:
                response = await handler(request)
            except Refused as refused:
                return answer(refused.body, refused.status, used)
            except RowRefused as refused:
                body = {"message": refused.message, "errorCode": refused.code, "fields": refused.fields}
                return answer([body], 404 if refused.code in _ABSENT else 400, used)
            except orjson.JSONDecodeError:
                malformed = Refused(400, "JSON_PARSER_ERROR", "The HTTP entity body is not JSON.")
                return answer(malformed.body, malformed.status, used)
            response.headers.update(used)
            return response

        return checked

    async def token(self, request: Request) -> Response:
        form = await request.form()
        if form.get("grant_type") != "client_credentials":
            unsupported = {"error": "unsupported_grant_type", "error_description": "grant type not supported"}
            return answer(unsupported, 400)
        client = str(form.get("client_id"))
        if client not in (CLIENT_ID, SCRIPT_ID) or form.get("client_secret") != CLIENT_SECRET:
            return answer({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        token = f"00D5g!{secrets.token_urlsafe(24)}"
        self.tokens[token] = client
        here = str(request.base_url).rstrip("/")
        return answer({"access_token": token, "instance_url": here, "token_type": "Bearer", "scope": "api"})

    async def writes(self, _: Request) -> Response:
        org = self.org
        total = {"writes": org.creates + org.updates, "creates": org.creates, "updates": org.updates}
        return answer(total | {"by_key": dict(org.by_key)})

    async def lock(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        self.org.lock(body["ids"], body["times"])
        return answer({})

    async def undelete(self, request: Request) -> Response:
        """Take rows out of the bin, as a person does in Setup: the REST API has no call for it."""
        for key in orjson.loads(await request.body())["ids"]:
            self.org.undelete(key)
        return answer({})

    async def purge(self, _: Request) -> Response:
        self.org.purge()
        return answer({})

    async def expire(self, _: Request) -> Response:
        self.tokens.clear()
        return answer({})
