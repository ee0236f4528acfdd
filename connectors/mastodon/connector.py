"""Mastodon: what people say to the company's account, and what it answers."""

from collections.abc import Iterator, Sequence
from typing import Any

from requests.adapters import BaseAdapter

from connectors.mastodon.dialect import MastodonDialect
from connectors.mastodon.replies import STATUSES, Replies
from crossroads.connector import Settings
from crossroads.errors import ConfigError, OutcomeUnknown, RecordRejected
from crossroads.manifest import Manifest
from crossroads.protocols.budget import Budget
from crossroads.protocols.http import Retries
from crossroads.protocols.legible import legible
from crossroads.protocols.rest import ABSENT, ManifestConnector
from crossroads.records import (
    Batch,
    Change,
    Found,
    Record,
    Rejected,
    State,
    Stream,
    Unknown,
    WriteResult,
    Written,
)


class Mastodon(ManifestConnector):
    """One account of one instance."""

    def __init__(
        self,
        settings: Settings,
        streams: Sequence[Stream],
        manifest: Manifest,
        *,
        transport: BaseAdapter | None = None,
        retries: Retries | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(settings, streams, manifest, transport=transport, retries=retries, budget=budget)
        self.http.dialect = MastodonDialect()
        self._replies = Replies(self.http)

    @legible
    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield notifications of mentions, or the accounts they come from, oldest first."""
        state, known = since, set[str]()
        while page := self._page(stream, str(state.cursor.get("min_id", "0"))):
            state = State({"min_id": page[-1]["id"]})
            # Some servers keep the notification of a status that was taken back.
            mentions = [one for one in page if one.get("type") == "mention" and one.get("status")]
            yield Batch(_authors(mentions, known) if stream.name == "accounts" else mentions, state)
        if not since:
            yield Batch([], state, last=True)

    @legible
    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield accounts, mentions (without their notification) or our replies by id."""
        return (found for key in keys if (found := self._fetched(stream, key)) is not None)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Publish or edit one reply after the other."""
        for change in changes:
            try:
                status = self._replies.edit(change) if change.key else self._replies.publish(change)
            except RecordRejected as refused:
                yield Rejected(change, refused.reasons)
            except OutcomeUnknown as lost:
                yield Unknown(change, str(lost))
            else:
                # The instance answers with HTML only; what it was told is kept beside it.
                yield Written(change, status["id"], record={**status, "status": change.record["status"]})

    @legible
    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Return our own answers to the same status with the same text, newest first."""
        return [Found(one["id"], record=one) for one in self._replies.twins(change)]

    def _page(self, stream: Stream, min_id: str) -> list[Record]:
        """Return the notifications that follow an id, oldest first.

        `min_id` gives what comes right after it, but each page newest first. Its `Link` is not followed: some
        servers leave `types[]` out of it.
        """
        params: dict[str, Any] = {"types[]": "mention", "limit": stream.page_size, "min_id": min_id}
        found = self.http.get("/api/v1/notifications", params).records
        page = sorted(found, key=lambda one: int(one["id"]))
        if page and int(page[0]["id"]) <= int(min_id):
            raise ConfigError("The instance ignores min_id, so its notifications cannot be read in order.")
        return page

    def _fetched(self, stream: Stream, key: str) -> Record | None:
        """Return a record; None if it was taken back, or its account was deleted (404) or closed (410)."""
        place = f"/api/v1/accounts/{key}" if stream.name == "accounts" else f"{STATUSES}/{key}"
        answer = self.http.request("GET", place, allow=ABSENT)
        if answer.status in ABSENT:
            return None
        found: Record = answer.body
        if stream.name == "statuses":
            return self._replies.held(found)
        return (
            found
            if stream.name == "accounts"
            else {"type": "mention", "account": found["account"], "status": found}
        )


def _authors(mentions: Sequence[Record], known: set[str]) -> list[Record]:
    """Return the accounts of mentions that are not known yet, each once, and note them as known."""
    fresh = []
    for mention in mentions:
        account = mention["account"]
        if account["id"] not in known:
            known.add(account["id"])
            fresh.append(account)
    return fresh
