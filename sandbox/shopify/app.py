"""The HTTP face: the access token, the version in the path, the cost of each query, the count of writes."""

from typing import Any

import orjson
from graphql import OperationDefinitionNode, execute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.shopify import cost
from sandbox.shopify.schema import checked, schema
from sandbox.shopify.seed import load
from sandbox.shopify.shop import Shop

ACCESS = "shpat_sandbox"
SCRIPT = "shpat_script"
"""A second token for scripts that play shoppers and staff: what they write is not counted."""

VERSIONS = {"2026-01", "2026-04", "2026-07", "2026-10", "unstable"}
_REFUSED = "[API] Invalid API key or access token (unrecognized login or wrong password)"


def create(seed: dict[str, Any] | None = None, limits: str = "vendor") -> Starlette:
    """Return the stand-in filled with `seed`, limited like the standard plan or ("demo") the largest one."""
    shop = Shop()
    load(shop, seed or {})
    bucket = cost.Bucket(*cost.PLANS[limits])

    async def graphql(request: Request) -> Response:
        version, token = request.path_params["version"], request.headers.get("X-Shopify-Access-Token")
        if version not in VERSIONS:
            return JSONResponse({"errors": "Not Found"}, 404)
        if token not in (ACCESS, SCRIPT):
            return JSONResponse({"errors": _REFUSED}, 401)
        asked = orjson.loads(await request.body())
        context = {"shop": shop, "counted": token == ACCESS}
        answer = orjson.dumps(answered(bucket, asked["query"], asked.get("variables") or {}, context))
        return Response(answer, headers={"X-Shopify-API-Version": version}, media_type="application/json")

    async def writes(request: Request) -> Response:
        total = sum(shop.writes.values())
        updates = total - shop.creates
        by_key = dict(shop.writes)
        return JSONResponse({"writes": total, "creates": shop.creates, "updates": updates, "by_key": by_key})

    return Starlette(
        routes=[
            Route("/admin/api/{version}/graphql.json", graphql, methods=["POST"]),
            Route("/_sandbox/writes", writes),
        ]
    )


def answered(
    bucket: cost.Bucket, query: str, variables: dict[str, Any], context: dict[str, Any]
) -> dict[str, Any]:
    """Return what the vendor answers: data and the cost of it, or why not."""
    document, errors = checked(query)
    if document is None:
        return {"errors": [{**error.formatted, "extensions": {"code": "undefinedField"}} for error in errors]}
    operation = next(part for part in document.definitions if isinstance(part, OperationDefinitionNode))
    mutation = operation.operation.value == "mutation"
    root = schema().mutation_type if mutation else schema().query_type
    assert root is not None
    price = cost.requested(schema(), root, operation.selection_set, variables)
    if price > cost.MOST:
        said = f"Query cost is {price}, which exceeds the single query max cost limit ({cost.MOST})."
        return {
            "errors": [{"message": said, "extensions": {"code": "MAX_COST_EXCEEDED", "maxCost": cost.MOST}}]
        }
    if not bucket.take(price):
        throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return {"errors": [throttled], "extensions": {"cost": _cost(price, None, bucket)}}
    result: Any = execute(schema(), document, variable_values=variables, context_value=context)
    spent = min(price, cost.spent(result.data, mutation=mutation))
    bucket.take(spent - price)
    answer: dict[str, Any] = {"data": result.data, "extensions": {"cost": _cost(price, spent, bucket)}}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def _cost(price: int, spent: int | None, bucket: cost.Bucket) -> dict[str, Any]:
    return {"requestedQueryCost": price, "actualQueryCost": spent, "throttleStatus": bucket.status()}
