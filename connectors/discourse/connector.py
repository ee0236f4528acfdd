"""Members and public posts of a forum, read only."""

from collections.abc import Iterator, Sequence

from pydantic import Field, SecretStr
from requests.adapters import BaseAdapter

from connectors.discourse.dialect import DiscourseDialect
from connectors.discourse.members import Members, one
from connectors.discourse.posts import Descent
from crossroads.connector import Connector, Settings
from crossroads.errors import ConfigError
from crossroads.protocols.auth import Headers
from crossroads.protocols.budget import Budget
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.legible import legible
from crossroads.records import Batch, Record, State, Stream


class DiscourseSettings(Settings):
    """Where the forum is and whose key we use."""

    base_url: str
    api_key: SecretStr
    api_username: str = "system"
    calls_per_minute: int = Field(60, ge=1)


class Discourse(Connector[DiscourseSettings]):
    """A forum: members by last visit, posts by id."""

    settings_model = DiscourseSettings

    def __init__(
        self,
        settings: DiscourseSettings,
        streams: Sequence[Stream],
        *,
        transport: BaseAdapter | None = None,
        retries: Retries | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(settings, streams)
        self.http = Http(
            settings.base_url,
            Headers({"Api-Key": settings.api_key, "Api-Username": settings.api_username}),
            transport=transport,
            budget=budget,
            dialect=DiscourseDialect(),
            retries=retries,
        )

    @legible
    def check(self) -> None:
        """Return if the forum knows the key's user, and that user is an administrator."""
        user = (self.http.get("/session/current.json").body or {}).get("current_user") or {}
        if not user.get("admin"):
            raise ConfigError(
                "The API key's user is no administrator: members' e-mail addresses cannot be read. "
                "Use a key of an administrator, or leave the stream `users` out."
            )

    @legible
    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield members or posts, oldest first."""
        if stream.name == "users":
            yield from Members(self.http).read(stream, since)
        else:
            yield from self._posts(stream, since)

    def _posts(self, stream: Stream, since: State) -> Iterator[Batch]:
        reached = int(since.cursor.get("id", 0))
        floor = max(0, reached - int(stream.options["reread"])) if since else 0
        for page in Descent(self.http, floor).pages():
            reached = max(reached, page[-1]["id"])
            # Posts of the software itself (welcome texts, notices) are nobody's word.
            people = [self._linked(post) for post in page if (post["user_id"] or 1) > 0]
            yield Batch(people, State({"id": reached}))
        if not since:
            # The way down went by id to where nothing is below: no post that is listed was left out.
            yield Batch([], State({"id": reached}) if reached else since, last=True)

    def _linked(self, post: Record) -> Record:
        """Add the address people can open: the forum says the path only, and no mapping knows the forum."""
        return {**post, "url": f"{self.http.base_url}{post.get('post_url', '')}"}

    @legible
    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield members or posts by id."""
        if stream.name == "users":
            yield from Members(self.http).fetch(stream, keys)
            return
        for key in keys:
            post = one(self.http, f"/posts/{key}.json")
            # An administrator is shown deleted posts too.
            if post and not post.get("deleted_at"):
                yield self._linked(post)

    def close(self) -> None:
        """Release connections."""
        self.http.close()
