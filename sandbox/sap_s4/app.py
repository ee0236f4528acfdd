"""The door: log-on, sessions and CSRF tokens in front of the two services."""

import secrets
from base64 import b64decode
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.sap_s4.records import Records
from sandbox.sap_s4.schema import ORDERS, PARTNERS
from sandbox.sap_s4.service import Service

USER, PASSWORD = "CROSSROADS", "sandbox-secret"
_COOKIE = "SAP_SESSIONID_SBX_100"


def create(
    seed: dict[str, list[dict[str, Any]]] | None = None,
    limits: str = "vendor",
    *,
    page_limit: int | None = None,
    clock: Any = None,
) -> Starlette:
    """Return the application; a seed holds `business_partners` and `sales_orders` in SAP's own shapes."""
    partners, orders = Records(PARTNERS, 1000001, clock), Records(ORDERS, 1, clock)
    for records, name in ((partners, "business_partners"), (orders, "sales_orders")):
        for row in (seed or {}).get(name, ()):
            records.create(row, seed=True)
    services = {
        name: Service(f"/sap/opu/odata/sap/{name}", records, page_limit)
        for name, records in (("API_BUSINESS_PARTNER", partners), ("API_SALES_ORDER_SRV", orders))
    }
    tokens: dict[str, str] = {}

    async def odata(request: Request) -> Response:
        if not _known(request.headers.get("authorization", "")):
            return HTMLResponse("<html><body>Anmeldung fehlgeschlagen</body></html>", 401)
        service = services.get(request.path_params["service"])
        if service is None:
            return JSONResponse(
                {"error": {"code": "/IWFND/MED/170", "message": {"lang": "en", "value": "No service"}}}, 403
            )
        session = request.cookies.get(_COOKIE, "")
        fetching = request.headers.get("x-csrf-token", "").lower() == "fetch"
        if fetching and session not in tokens:
            session = secrets.token_hex(8)
            tokens[session] = secrets.token_hex(12)
        elif request.method != "GET" and request.headers.get("x-csrf-token") != tokens.get(session, secrets):
            return HTMLResponse("CSRF token validation failed", 403, {"x-csrf-token": "Required"})
        base, path = str(request.base_url).rstrip("/"), request.path_params["path"]
        raw = (request.scope.get("raw_path") or b"").decode().partition(f"{service.root}/")[2] or path
        body = await request.body()
        if path == "$batch":
            kind, content = service.batch(base, request.headers.get("content-type", ""), body)
            answer = Response(content, 202, media_type=kind)
        else:
            method = request.headers.get("x-http-method", request.method)
            status, headers, told = service.answer(
                base, method, raw, request.url.query, request.headers, body
            )
            answer = Response(
                None if told is None else orjson.dumps(told), status, headers, "application/json"
            )
        if fetching:
            answer.headers["x-csrf-token"] = tokens[session]
            answer.set_cookie(_COOKIE, session)
        return answer

    async def writes(_: Request) -> Response:
        creates = partners.writes["creates"] + orders.writes["creates"]
        updates = partners.writes["updates"] + orders.writes["updates"]
        return JSONResponse({"writes": creates + updates, "creates": creates, "updates": updates})

    async def end_purpose(request: Request) -> Response:
        """Set or take back the end of purpose of partners, as the run BUPA_PRE_EOP and its undoing do."""
        asked = orjson.loads(await request.body())
        for number in asked["partners"]:
            partners.rows[number]["_hidden"] = asked["ended"]
        return Response(status_code=204)

    async def forget(_: Request) -> Response:
        tokens.clear()
        return Response(status_code=204)

    methods = ["GET", "POST", "PATCH", "MERGE"]
    return Starlette(
        routes=[
            Route("/sap/opu/odata/sap/{service}/{path:path}", odata, methods=methods),
            Route("/_sandbox/writes", writes),
            Route("/_sandbox/end_sessions", forget, methods=["POST"]),
            Route("/_sandbox/end_of_purpose", end_purpose, methods=["POST"]),
        ]
    )


def _known(header: str) -> bool:
    kind, _, pair = header.partition(" ")
    return kind == "Basic" and b64decode(pair).decode() == f"{USER}:{PASSWORD}"
