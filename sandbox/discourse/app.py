"""The forum's HTTP face."""

from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any, TypeAlias

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.discourse.forum import Forum, now, visible
from sandbox.discourse.limits import NAMED, Calls, Limits
from sandbox.serve import Seed

API_KEY = "sandbox-key"

Handler: TypeAlias = Callable[[Request, dict[str, Any]], Awaitable[Response]]

_LISTED_ORDERS = {"created": "created_at", "seen": "last_seen_at", "username": "username"}
_ADDRESSES = ("email", "secondary_emails")
_DETAIL_ONLY = ("external_id", "user_fields")


def create(seed: Seed | None = None, limits: str | Limits = "vendor") -> Starlette:
    """Return a forum as an ASGI application, holding the seeded members and posts."""
    return _Face(Forum(seed), NAMED[limits] if isinstance(limits, str) else limits).app()


class _Face:
    def __init__(self, forum: Forum, limits: Limits) -> None:
        self.forum = forum
        self.limits = limits
        self.calls = Calls(limits.calls_per_minute)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/session/current.json", self.guarded(self.current)),
                Route("/posts.json", self.guarded(self.latest), methods=["GET"]),
                Route("/posts.json", self.guarded(self.post), methods=["POST"]),
                Route("/posts/{id:int}.json", self.guarded(self.single), methods=["GET"]),
                Route("/posts/{id:int}.json", self.guarded(self.delete_post), methods=["DELETE"]),
                Route("/posts/{id:int}/recover.json", self.guarded(self.recover_post), methods=["PUT"]),
                Route("/admin/users/{id:int}.json", self.guarded(self.delete_user), methods=["DELETE"]),
                Route("/admin/users/list/active.json", self.guarded(self.listed)),
                Route("/admin/users/{id:int}.json", self.guarded(self.detail)),
                Route("/u/by-external/{external_id}.json", self.guarded(self.by_external)),
                Route("/_sandbox/writes", self.writes),
            ]
        )

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def checked(request: Request) -> Response:
            user = self.forum.by_name.get(request.headers.get("api-username", "").lower())
            if request.headers.get("api-key") != API_KEY or user is None:
                # A wrong key is a 403 here, not a 401.
                return _refused(403, "invalid_access", "The API username or key is invalid.")
            if wait := self.calls.wait():
                body = _error("rate_limit", "You have performed this action too many times.")
                body["extras"] = {"wait_seconds": wait, "time_left": f"{wait} seconds"}
                return _answer(body, 429, {"Retry-After": str(wait)})
            return await handler(request, user)

        return checked

    async def current(self, _: Request, user: dict[str, Any]) -> Response:
        return _answer({"current_user": {key: user[key] for key in ("id", "username", "admin", "moderator")}})

    async def latest(self, request: Request, _: dict[str, Any]) -> Response:
        text = request.query_params.get("before", "")
        before = int(text) if text.isdigit() else 0
        ids = sorted(self.forum.posts, reverse=True)
        if self.limits.inclusive_before:
            top = before or max(ids, default=0)
            ids = [each for each in ids if top - self.limits.posts_page < each <= top]
        elif before:
            ids = [each for each in ids if each < before]
        seen = (post for each in ids if visible(post := self.forum.posts[each]))
        page = islice(seen, self.limits.posts_page)
        return _answer({"latest_posts": [self.forum.said(post) for post in page]})

    async def single(self, request: Request, user: dict[str, Any]) -> Response:
        # Staff is shown deleted posts too, marked as such.
        post = self.forum.posts.get(request.path_params["id"])
        shown = post and (post["deleted_at"] is None or user["admin"] or user["moderator"])
        return _answer(self.forum.said(post)) if post and shown else _missing()

    async def delete_post(self, request: Request, user: dict[str, Any]) -> Response:
        post = self.forum.posts.get(request.path_params["id"])
        if post is None or not (user["admin"] or user["id"] == post["user_id"]):
            return _missing()
        post["deleted_at"] = now()
        return _answer({})

    async def recover_post(self, request: Request, user: dict[str, Any]) -> Response:
        post = self.forum.posts.get(request.path_params["id"])
        if post is None or not user["admin"]:
            return _missing()
        post["deleted_at"] = None
        return _answer(self.forum.said(post))

    async def delete_user(self, request: Request, user: dict[str, Any]) -> Response:
        found = self.forum.users.get(request.path_params["id"])
        if found is None or not user["admin"]:
            return _missing()
        if found["post_count"] and request.query_params.get("delete_posts") != "true":
            # The vendor keeps who has posts, unless their posts may go too.
            return _refused(403, "invalid_access", "User has posts and can't be deleted.")
        self.forum.drop_user(found)
        return _answer({"deleted": True})

    async def post(self, request: Request, user: dict[str, Any]) -> Response:
        given = orjson.loads(await request.body())
        if not str(given.get("raw") or "").strip():
            return _answer({"action": "create_post", "errors": ["Body can't be blank"]}, 422)
        topic = given.get("topic_id") or (given.get("title") and self.forum.add_topic(given["title"]))
        if topic not in self.forum.topics:
            return _answer({"action": "create_post", "errors": ["Title can't be blank"]}, 422)
        known = {key: given[key] for key in ("raw", "reply_to_post_number", "created_at") if key in given}
        post = self.forum.add_post(known | {"topic_id": topic}, user)
        self.forum.creates += 1
        self.forum.by_key[str(post["id"])] += 1
        return _answer(self.forum.said(post))

    async def listed(self, request: Request, user: dict[str, Any]) -> Response:
        if not user["admin"]:
            return _missing()
        asked = request.query_params
        # As in the vendor's own query: pages are counted from 1, and page 0 is the first page too.
        page = max(int(asked.get("page") or 1), 1) - 1
        field = _LISTED_ORDERS.get(asked.get("order", "seen"), "last_seen_at")
        users = sorted(self.forum.users.values(), key=lambda each: each["username"])
        users.sort(key=lambda each: each[field] or "", reverse=asked.get("asc") != "true")
        if wanted := asked.get("filter", "").strip().lower():
            users = [
                one
                for one in users
                if wanted in one["username_lower"] or wanted in (one["email"] or "").lower()
            ]
        hidden = (
            _DETAIL_ONLY
            if asked.get("show_emails") == "true"
            else (*_DETAIL_ONLY, "email", "secondary_emails")
        )
        start = page * self.limits.users_page
        return _answer([_without(each, hidden) for each in users[start : start + self.limits.users_page]])

    async def detail(self, request: Request, user: dict[str, Any]) -> Response:
        found = self.forum.users.get(request.path_params["id"])
        if found is None or not user["admin"]:
            return _missing()
        # The detailed record keeps the e-mail address behind a button of its own.
        said = _without(found, ("external_id", *_ADDRESSES))
        signed = {"external_id": found["external_id"]} if found["external_id"] else None
        return _answer(said | {"single_sign_on_record": signed})

    async def by_external(self, request: Request, _: dict[str, Any]) -> Response:
        found = self.forum.by_external.get(request.path_params["external_id"])
        return _answer({"user": _without(found, _ADDRESSES)}) if found else _missing()

    async def writes(self, _: Request) -> Response:
        forum = self.forum
        body = {"writes": forum.creates, "creates": forum.creates, "updates": 0}
        return _answer(body | {"by_key": dict(forum.by_key)})


def _answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json; charset=utf-8")


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"errors": [message], "error_type": kind}


def _refused(status: int, kind: str, message: str) -> Response:
    return _answer(_error(kind, message), status)


def _missing() -> Response:
    return _refused(404, "not_found", "The requested URL or resource could not be found.")


def _without(user: dict[str, Any], hidden: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in user.items() if key not in hidden}
