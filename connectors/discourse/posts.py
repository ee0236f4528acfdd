"""The public posts, oldest first, out of a list that only goes from the newest down."""

from collections import deque
from collections.abc import Iterator

from crossroads.errors import ConfigError
from crossroads.protocols.http import Http
from crossroads.records import Record

_KEPT = 20
"""Pages kept in memory on the way down; more are asked for again on the way up, so that memory stays flat."""

_WINDOW = 50
"""How many ids a page of an older forum spans."""


class Descent:
    """One way down from the newest post to `floor`, and up again.

    Forums of today answer `before` with up to 50 posts below that id. Older ones answer with the posts
    *up to* that id within a window of 50 ids, so that a page may be empty though older posts follow.
    """

    def __init__(self, http: Http, floor: int, *, kept: int = _KEPT) -> None:
        self._http, self._floor, self._kept = http, floor, kept
        self._windows = False

    def pages(self) -> Iterator[list[Record]]:
        """Yield pages of posts above the floor, oldest first, each id once."""
        starts: list[int | None] = []
        kept: deque[list[Record]] = deque(maxlen=self._kept)
        before: int | None = None
        while True:
            page = self._page(before)
            starts.append(before)
            kept.append(page)
            lower = self._lower(before, page)
            if lower is None:
                break
            before = lower
        done = self._floor
        while starts:
            before = starts.pop()
            page = kept.pop() if kept else self._page(before)
            fresh = sorted((post for post in page if post["id"] > done), key=lambda post: int(post["id"]))
            if fresh:
                done = fresh[-1]["id"]
                yield fresh

    def _page(self, before: int | None) -> list[Record]:
        answer = self._http.get("/posts.json", {"before": before} if before else None)
        posts = answer.body.get("latest_posts") if isinstance(answer.body, dict) else None
        if not isinstance(posts, list):
            raise ConfigError("GET /posts.json: no `latest_posts` in the answer. Is this a Discourse forum?")
        return posts

    def _lower(self, before: int | None, page: list[Record]) -> int | None:
        """Return where the next page begins, or None when the floor or the first post is reached."""
        ids = [int(post["id"]) for post in page]
        older = [each for each in ids if before is None or each < before]
        if older:
            lower = min(older)
        elif ids or self._windows:
            # Nothing but the post we began at: an older forum, whose window holds no other visible post.
            self._windows = True
            lower = (before or 0) - _WINDOW
        else:
            return None
        return lower if lower > self._floor + 1 and lower > 1 else None
