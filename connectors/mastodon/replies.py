"""Publishing and editing replies, and finding one again whose answer was lost."""

from collections.abc import Sequence
from typing import Any

from connectors.mastodon.texts import addressed, names_first, narrower, same
from crossroads.errors import OutcomeUnknown, RecordRejected
from crossroads.protocols.http import Http
from crossroads.protocols.legible import legible, reading
from crossroads.records import Change, Record

STATUSES = "/api/v1/statuses"
_WRITABLE = {"in_reply_to_id", "status", "visibility", "language"}


class Replies:
    """What the company's account answers."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._own = ""

    def publish(self, change: Change) -> Record:
        """Answer a status: its author is named, and no more people can read the answer than the question."""
        record = _checked(change)
        parent_id = record.get("in_reply_to_id")
        if not parent_id:
            raise RecordRejected(
                "in_reply_to_id is missing: this connector answers, it publishes nothing else."
            )
        try:
            parent = self._http.get(f"{STATUSES}/{parent_id}").body
        except RecordRejected:
            raise RecordRejected(f"in_reply_to_id: status {parent_id} is not there (any more).") from None
        with reading(f"GET {STATUSES}/{parent_id}"):
            told = {
                "status": addressed(record["status"], parent["account"]),
                "visibility": narrower(parent["visibility"], record.get("visibility")),
            }
        # The instance recognises a second request with the same key, for an hour.
        return self._sent("POST", STATUSES, {**record, **told}, {"Idempotency-Key": change.id})

    def edit(self, change: Change) -> Record:
        """Give a reply another text; whom it names at its beginning stays."""
        record = _checked(change)
        others = sorted(set(record) - {"status"})
        if others:
            raise RecordRejected(
                f"Status {change.key}: only its text can be edited, not {', '.join(others)}."
            )
        text = f"{names_first(self._source(str(change.key)))}{without_names(record['status'])}"
        return self._sent("PUT", f"{STATUSES}/{change.key}", {"status": text}, {})

    def held(self, found: Record) -> Record:
        """Return a reply with the text it was written with."""
        return {**found, "status": without_names(self._source(str(found["id"])))}

    def twins(self, change: Change) -> Sequence[Record]:
        """Return our own answers to the same status with the same text, newest first."""
        try:
            thread = self._http.get(f"{STATUSES}/{change.record.get('in_reply_to_id')}/context").body
        except RecordRejected:
            return []
        text, own = str(change.record.get("status")), self._own_id()
        ours = [one for one in thread["descendants"] if one["account"]["id"] == own]
        found = [{**one, "status": text} for one in ours if same(text, one["content"])]
        return sorted(found, key=lambda one: int(one["id"]), reverse=True)

    def _sent(self, method: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> Record:
        answer = self._http.request(method, path, json=body, headers=headers).body
        if not isinstance(answer, dict) or "id" not in answer:
            raise OutcomeUnknown(f"{method} {path} was sent, but the answer is no status.")
        return answer

    @legible
    def _source(self, key: str) -> str:
        return str(self._http.get(f"{STATUSES}/{key}/source").body["text"])

    def _own_id(self) -> str:
        if not self._own:
            self._own = str(self._http.get("/api/v1/accounts/verify_credentials").body["id"])
        return self._own


def without_names(text: str) -> str:
    """Return a text without the names it begins with.

    >>> without_names("@ana It is on its way.")
    'It is on its way.'
    """
    return text[len(names_first(text)) :]


def _checked(change: Change) -> Record:
    unknown = sorted(set(change.record) - _WRITABLE)
    if unknown or change.parts:
        raise RecordRejected(f"A reply has no {', '.join(unknown) or 'nested entities'}.")
    if not str(change.record.get("status") or "").strip():
        raise RecordRejected("status is empty: a reply needs a text.")
    return change.record
