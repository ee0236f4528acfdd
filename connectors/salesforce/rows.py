"""Collections: up to 200 rows a call, each saved or refused for itself."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from connectors.salesforce.dialect import said
from crossroads.errors import CrossroadsError, OutcomeUnknown, RecordRejected
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.paging import place
from crossroads.records import Change, Record, Stream

LIMIT = 200
_LOCKED = "UNABLE_TO_LOCK_ROW"


class Outcome(NamedTuple):
    """What became of one row: saved under `key`, refused for `reasons`, or `lost` without an answer."""

    key: str | None = None
    reasons: tuple[str, ...] = ()
    lost: str = ""
    locked: bool = False


class Rows:
    """Saves changes as rows of one object."""

    def __init__(self, http: Http, root: str, retries: Retries) -> None:
        self._http, self._root, self._retries = http, root, retries

    def save(self, stream: Stream, changes: Sequence[Change], *, creating: bool) -> list[Outcome]:
        """Return one outcome per change, in order; rows that somebody else had locked are sent again."""
        outcomes = self._send(stream, changes, creating=creating)
        for attempt in range(1, self._retries.attempts):
            locked = [at for at, one in enumerate(outcomes) if one.locked]
            if not locked:
                break
            time.sleep(self._retries.first * 2**attempt)
            try:
                again = self._send(stream, [changes[at] for at in locked], creating=creating)
            except CrossroadsError:
                break  # what the first call saved is known and must be told
            for at, one in zip(locked, again, strict=True):
                outcomes[at] = one
        return outcomes

    def _send(self, stream: Stream, changes: Sequence[Change], *, creating: bool) -> list[Outcome]:
        kind = stream.options["object"]
        path = f"{self._root}/composite/sobjects"
        row: Callable[[Stream, Change], Record] = _new if creating else _changed
        if creating:
            path += f"/{kind}/{stream.options['external_id']}"
        body = {
            "allOrNone": False,
            "records": [{"attributes": {"type": kind}, **row(stream, change)} for change in changes],
        }
        try:
            answer = self._http.request("PATCH", path, json=body)
        except RecordRejected as refused:
            return [Outcome(reasons=tuple(refused.reasons))] * len(changes)
        except OutcomeUnknown as error:
            return [Outcome(lost=str(error))] * len(changes)
        if not isinstance(answer.body, list) or len(answer.body) != len(changes):
            return [Outcome(lost=f"PATCH {path}: the answer does not have one row per record sent.")] * len(
                changes
            )
        return [outcome(result) for result in answer.body]


def external(stream: Stream, change: Change) -> str:
    """Return the external id a create travels under and is found again by."""
    return str(change.record.get(stream.options["external_id"]) or change.reference or change.id)


def _new(stream: Stream, change: Change) -> Record:
    return {**change.record, stream.options["external_id"]: external(stream, change)}


def _changed(stream: Stream, change: Change) -> Record:
    row = {"Id": change.key, **change.record}
    for name in change.record:
        state = name.replace("CountryCode", "StateCode")
        if state != name and state in stream.options["fields"]:
            # The org refuses a country that does not have the state it still holds.
            row.setdefault(state, None)
    return row


def outcome(result: Any) -> Outcome:
    """Return what a row of a collection's answer says; one that says neither yes nor no is lost."""
    saved = place(result, "success")
    if saved is True and result.get("id"):
        return Outcome(key=str(result["id"]))
    if saved is not False:
        return Outcome(lost="A row of the answer says neither that it was saved nor that it was refused.")
    told = result.get("errors")
    errors = [error for error in told if isinstance(error, dict)] if isinstance(told, list) else []
    reasons = [said(error.get("statusCode"), error.get("fields"), error.get("message")) for error in errors]
    locked = any(error.get("statusCode") == _LOCKED for error in errors)
    return Outcome(reasons=tuple(reasons) or ("refused without a reason",), locked=locked)
