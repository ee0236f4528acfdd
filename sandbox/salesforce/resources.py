"""The org's resources: queries, single records, collections and the delete log."""

import datetime as dt
import secrets
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce import ids
from sandbox.salesforce.errors import Refused, RowRefused
from sandbox.salesforce.limits import Limits
from sandbox.salesforce.org import Org, now
from sandbox.salesforce.schema import OBJECTS, Object
from sandbox.salesforce.soql import instant
from sandbox.salesforce.soql_parser import parse

ROOT = "/services/data/v{version}"


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(orjson.dumps(body), status, headers, "application/json;charset=UTF-8")


class Resources:
    """One function a resource; each may raise Refused, and a row of a collection RowRefused."""

    def __init__(self, org: Org, limits: Limits) -> None:
        self.org = org
        self.limits = limits
        self.locators: dict[str, tuple[Object, tuple[str, ...], list[str]]] = {}

    async def describe(self, request: Request) -> Response:
        kind = _kind(request)
        fields = [
            {
                "name": name,
                "type": each.kind,
                "length": each.length,
                "createable": each.create,
                "updateable": each.update,
                "nillable": not each.required,
                "externalId": each.external_id,
                "unique": each.external_id,
            }
            for name, each in kind.fields.items()
        ]
        return answer({"name": kind.name, "keyPrefix": kind.prefix, "fields": fields})

    async def query(self, request: Request) -> Response:
        asked = parse(request.query_params.get("q", ""))
        found = asked.run(list(self.org.rows[asked.kind.name].values()))
        locator = f"01g{secrets.token_hex(7)}"
        self.locators[locator] = (asked.kind, asked.fields, found)
        return self._page(request, locator, 0)

    async def more(self, request: Request) -> Response:
        locator, _, start = request.path_params["locator"].rpartition("-")
        if locator not in self.locators or not start.isdigit():
            raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(request, locator, int(start))

    def _page(self, request: Request, locator: str, start: int) -> Response:
        kind, fields, found = self.locators[locator]
        wanted = request.headers.get("sforce-query-options", "").removeprefix("batchSize=")
        size = min(max(int(wanted), 200), 2000) if wanted.isdigit() else 2000
        # The vendor's smallest page is 200 rows; tests of paging need smaller ones, which limits may set.
        size = min(size, self.limits.page_size)
        stop = start + size
        rows = [row for key in found[start:stop] if (row := self.org.rows[kind.name].get(key))]
        body: dict[str, Any] = {"totalSize": len(found), "done": stop >= len(found)}
        if stop < len(found):
            body["nextRecordsUrl"] = f"{_root(request)}/query/{locator}-{stop}"
        else:
            del self.locators[locator]
        return answer(body | {"records": [_said(request, kind, row, fields) for row in rows]})

    async def single(self, request: Request) -> Response:
        kind, key = _kind(request), request.path_params["key"]
        if request.method == "GET":
            names = request.query_params.get("fields", ",".join(kind.fields)).split(",")
            return answer(_said(request, kind, self.org.row(kind, key), _columns(kind, names)))
        if request.method == "DELETE":
            self.org.delete(kind, key)
        else:
            self.org.update(kind, key, orjson.loads(await request.body()))
        return Response(status_code=204)

    async def insert(self, request: Request) -> Response:
        key = self.org.create(_kind(request), orjson.loads(await request.body()))
        return answer({"id": key, "success": True, "errors": []}, 201)

    async def update_many(self, request: Request) -> Response:
        results: list[dict[str, Any]] = []
        for kind, row in await self._rows(request):
            try:
                key = self.org.update(kind, row.pop("Id", row.pop("id", None)), row)
                results.append({"id": key, "success": True, "errors": []})
            except RowRefused as refused:
                results.append(refused.result())
        return answer(results)

    async def upsert_many(self, request: Request) -> Response:
        kind, external = _kind(request), request.path_params["external"]
        known = kind.fields.get(external)
        if known is None or not known.external_id:
            raise Refused(400, "INVALID_FIELD", f"Field name provided, {external} is not an External ID")
        results: list[dict[str, Any]] = []
        seen: set[str] = set()
        for named, row in await self._rows(request):
            try:
                _check_upsert(kind, named, row, external, seen)
                key, created = self.org.upsert(kind, external, row)
                results.append({"id": key, "success": True, "errors": [], "created": created})
            except RowRefused as refused:
                results.append(refused.result() | {"created": False})
        return answer(results)

    async def _rows(self, request: Request) -> list[tuple[Object, dict[str, Any]]]:
        body = orjson.loads(await request.body())
        if body.get("allOrNone"):
            raise Refused(400, "SANDBOX_CANNOT", "this stand-in knows allOrNone=false only")
        if len(body["records"]) > self.limits.rows_per_write:
            message = f"record limit reached. cannot submit more than {self.limits.rows_per_write} records"
            raise Refused(400, "REQUEST_LIMIT", message)
        rows = []
        for record in body["records"]:
            name = (record.pop("attributes", None) or {}).get("type")
            if name not in OBJECTS:
                raise Refused(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
            rows.append((OBJECTS[name], record))
        return rows

    async def retrieve(self, request: Request) -> Response:
        kind, body = _kind(request), orjson.loads(await request.body())
        if len(body["ids"]) > self.limits.rows_per_retrieve:
            raise Refused(
                400, "REQUEST_LIMIT", f"cannot retrieve more than {self.limits.rows_per_retrieve} records"
            )
        fields = _columns(kind, body["fields"])
        rows = [self.org.rows[kind.name].get(ids.normal(key) or "") for key in body["ids"]]
        return answer([_said(request, kind, row, fields) if row else None for row in rows])

    async def gone(self, request: Request) -> Response:
        kind = _kind(request)
        start, end = (instant(request.query_params[name].replace(" ", "+")) for name in ("start", "end"))
        moments = [dt.datetime.fromisoformat(each) for each in (start, end)]
        first = dt.datetime.now(dt.UTC) - dt.timedelta(days=self.limits.deleted_days)
        if moments[1] - moments[0] <= dt.timedelta(minutes=1):
            raise Refused(400, "INVALID_REPLICATION_DATE", "startDate before endDate by more than one minute")
        if moments[0] < first:
            raise Refused(400, "INVALID_REPLICATION_DATE", "startDate before the delete log begins")
        found = [
            {"id": key, "deletedDate": when}
            for key, when in self.org.deleted[kind.name]
            if start <= when <= end
        ]
        begins = max(instant(first.isoformat()), self.org.log_begins)
        covered = {"earliestDateAvailable": begins, "latestDateCovered": min(end, now())}
        return answer({"deletedRecords": found} | covered)


def _root(request: Request) -> str:
    return ROOT.format(version=request.path_params["version"])


def _kind(request: Request) -> Object:
    kind = OBJECTS.get(request.path_params["kind"])
    if kind is None:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
    return kind


def _columns(kind: Object, names: list[str]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in kind.fields]
    if unknown:
        raise Refused(400, "INVALID_FIELD", f"No such column '{unknown[0]}' on sobject of type {kind.name}")
    return tuple(names)


def _said(request: Request, kind: Object, row: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    url = f"{_root(request)}/sobjects/{kind.name}/{row['Id']}"
    return {"attributes": {"type": kind.name, "url": url}} | {name: row[name] for name in fields}


def _check_upsert(kind: Object, named: Object, row: dict[str, Any], external: str, seen: set[str]) -> None:
    if named is not kind or "Id" in row or "id" in row:
        raise RowRefused("INVALID_FIELD", "the row names another type, or an Id", "Id")
    value = str(row.get(external)).lower()
    if value in seen:
        raise RowRefused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", external)
    seen.add(value)
