"""The forum's members, topics and posts, kept in memory."""

import datetime as dt
import html
from collections import Counter
from typing import Any

from sandbox.serve import Seed

USER: dict[str, Any] = {
    "name": "",
    "email": None,
    "secondary_emails": [],
    "active": True,
    "admin": False,
    "moderator": False,
    "last_seen_at": None,
    "last_emailed_at": None,
    "created_at": None,
    "trust_level": 1,
    "title": None,
    "suspended_at": None,
    "suspended_till": None,
    "staged": False,
    "days_visited": 1,
    "post_count": 0,
    "external_id": None,
    "user_fields": {},
}
POST: dict[str, Any] = {
    "raw": "",
    "created_at": None,
    "updated_at": None,
    "reply_to_post_number": None,
    "post_type": 1,
    "version": 1,
    "hidden": False,
    "deleted_at": None,
}
SYSTEM = {
    "id": -1,
    "username": "system",
    "name": "system",
    "admin": True,
    "moderator": True,
    "trust_level": 4,
}


class Forum:
    """Everything one forum holds."""

    def __init__(self, seed: Seed | None) -> None:
        self.users: dict[int, dict[str, Any]] = {}
        self.by_name: dict[str, dict[str, Any]] = {}
        self.by_external: dict[str, dict[str, Any]] = {}
        self.topics: dict[int, dict[str, Any]] = {}
        self.posts: dict[int, dict[str, Any]] = {}
        self.creates = 0
        self.by_key: Counter[str] = Counter()
        self._numbers: Counter[int] = Counter()
        given = seed or {}
        for user in [SYSTEM, *given.get("users", [])]:
            self._add_user(user)
        for topic in given.get("topics", []):
            self.add_topic(topic["title"], topic["id"], topic.get("category_id", 1))
        for post in given.get("posts", []):
            self.add_post(post, self.by_name[post["username"].lower()])

    def _add_user(self, given: dict[str, Any]) -> None:
        unknown = given.keys() - USER.keys() - {"id", "username"}
        if unknown:
            raise ValueError(f"A user has no field {sorted(unknown)}: correct the seed")
        user = USER | {"created_at": now()} | given
        user["username_lower"] = user["username"].lower()
        self.users[user["id"]] = self.by_name[user["username_lower"]] = user
        if user["external_id"]:
            self.by_external[user["external_id"]] = user

    def drop_user(self, user: dict[str, Any]) -> None:
        """Delete a member with all they wrote."""
        del self.users[user["id"]], self.by_name[user["username_lower"]]
        self.by_external.pop(user["external_id"], None)
        self.posts = {key: post for key, post in self.posts.items() if post["user_id"] != user["id"]}

    def add_topic(self, title: str, number: int | None = None, category: int = 1) -> int:
        """Open a topic and return its id."""
        number = number or max(self.topics, default=0) + 1
        slug = "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
        self.topics[number] = {"id": number, "title": title, "slug": slug, "category_id": category}
        return number

    def add_post(self, given: dict[str, Any], author: dict[str, Any]) -> dict[str, Any]:
        """Keep a post, with everything the forum derives from its text, topic and author."""
        unknown = given.keys() - POST.keys() - {"id", "topic_id", "username"}
        if unknown:
            raise ValueError(f"A post has no field {sorted(unknown)}: correct the seed")
        post = POST | {"id": max(self.posts, default=0) + 1, "created_at": now()} | given
        topic = self.topics[post["topic_id"]]
        self._numbers[topic["id"]] += 1
        post["updated_at"] = post["updated_at"] or post["created_at"]
        post["post_number"] = self._numbers[topic["id"]]
        post["user_id"] = author["id"]
        author["post_count"] += 1
        self.posts[post["id"]] = post
        return post

    def said(self, post: dict[str, Any]) -> dict[str, Any]:
        """Return a post as the API says it, with its author and topic as they are now."""
        author, topic = self.users[post["user_id"]], self.topics[post["topic_id"]]
        staff = author["admin"] or author["moderator"]
        return {key: post[key] for key in post if key != "username"} | {
            "name": author["name"],
            "username": author["username"],
            "display_username": author["name"],
            "avatar_template": f"/letter_avatar_proxy/v4/letter/{author['username'][0]}/a9adbd/{{size}}.png",
            "cooked": "\n".join(f"<p>{html.escape(part)}</p>" for part in post["raw"].split("\n\n")),
            "topic_slug": topic["slug"],
            "topic_title": topic["title"],
            "category_id": topic["category_id"],
            "post_url": f"/t/{topic['slug']}/{topic['id']}/{post['post_number']}",
            "admin": author["admin"],
            "moderator": author["moderator"],
            "staff": staff,
            "trust_level": author["trust_level"],
            "user_deleted": False,
            "edit_reason": None,
        }


def visible(post: dict[str, Any]) -> bool:
    """Tell whether a post is in the public list."""
    return not post["hidden"] and post["deleted_at"] is None and post["post_type"] == 1


def now() -> str:
    """Return this moment as the forum writes it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
