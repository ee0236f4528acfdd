"""Ordinary REST systems: a manifest alone runs them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from requests.adapters import BaseAdapter

from crossroads.connector import Connector, Settings
from crossroads.errors import ConfigError, Conflict, OutcomeUnknown, RecordRejected
from crossroads.manifest import Find, Manifest, Read, Send
from crossroads.manifest import Paging as PagingBlock
from crossroads.protocols import auth as kinds
from crossroads.protocols.budget import Budget
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.legible import legible
from crossroads.protocols.paging import (
    JsonCursor,
    JsonUrl,
    LinkHeader,
    Offset,
    PageNumber,
    Paging,
    SinglePage,
    listed,
    pages,
    place,
)
from crossroads.protocols.paging_keys import IdDescending
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

ABSENT = (404, 410)
"""The answers that say a record is not there; any other refusal says nothing about it."""

_PAGING: dict[str, Any] = {
    "single": SinglePage,
    "link_header": LinkHeader,
    "json_url": JsonUrl,
    "json_cursor": JsonCursor,
    "page_number": PageNumber,
    "offset": Offset,
    "id_desc": IdDescending,
}


class ManifestConnector(Connector[Settings]):
    """Runs a manifest: lists, fetches, creates, updates and finds again as its streams say."""

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
        super().__init__(settings, streams)
        self.manifest = manifest
        self.http = Http(
            str(getattr(settings, "base_url", "")),
            sign_in(manifest, settings),
            transport=transport,
            budget=budget,
            headers=manifest.headers,
            retries=retries,
            parallel=manifest.limits.parallel,
        )

    def check(self) -> None:
        """Ask the manifest's `check` address."""
        self.http.get(self.manifest.check or "/")

    @legible
    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield the list's pages; the cursor moves with each page only if the list comes in its order."""
        block = _block(stream, "read", Read)
        paging, params, state = paging_of(block.paging, since), dict(block.params), since
        if block.since and since:
            params[block.since.param] = _earlier(str(since.cursor["at"]), block.since.overlap_seconds)
        highest = str(since.cursor.get("at", ""))
        by_place = isinstance(paging, PageNumber | Offset) and stream.deletes == "full_compare" and not since
        met: set[Any] = set()
        steady = True
        for page in pages(self.http.get, block.path, params, paging, block.items):
            records = paging.fresh(page.records) if isinstance(paging, IdDescending) else page.records
            if block.since:
                field = block.since.field
                highest = max([highest, *(str(found) for one in records if (found := place(one, field)))])
                if highest and (block.since.ordered or page.last):
                    state = State({"at": highest})
            elif isinstance(paging, IdDescending):
                highest = str(max([int(highest or 0), *(int(one[paging.key]) for one in records)]))
                # Newest first: what is older is still to come, so the cursor may move only at the end.
                state = State({"at": highest}) if page.last else state
            if by_place:  # of pages by position, one record shown twice means another one not shown at all
                keys = [place(one, stream.key) for one in records]
                steady = steady and met.isdisjoint(keys)
                met.update(keys)
            total = (
                _number(page.answer.headers.get(block.total) or place(page.answer.body, block.total))
                if block.total
                else None
            )
            yield Batch(records, state, last=page.end and steady and not since, total=total)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield records one by one from the address the manifest gives for it."""
        path = stream.options.get("fetch")
        if not path:
            raise ConfigError(f"{self.manifest.name}: stream {stream.name} has no `fetch` address.")
        for key in keys:
            answer = self.http.request("GET", _filled(path, key), allow=ABSENT)
            if answer.status not in ABSENT:
                yield from answer.records

    def state_at(self, stream: Stream, instant: str) -> State:
        """Return the cursor of that time, if the cursor is one: only of a time can seconds be taken back."""
        block = _block(stream, "read", Read)
        if block.since is None or not block.since.overlap_seconds:
            return super().state_at(stream, instant)
        return State({"at": instant})

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Write one call a change."""
        return self.http.in_order(lambda change: self._write_one(stream, change), changes)

    def _write_one(self, stream: Stream, change: Change) -> WriteResult:
        send = _block(stream, "update_by" if change.key else "create_by", Send)
        body = {send.wrap: change.record} if send.wrap else change.record
        headers = {send.idempotency_header: change.id} if send.idempotency_header else None
        try:
            answer = self.http.request(
                send.method, _filled(send.path, change.key or ""), json=body, headers=headers
            )
        except RecordRejected as refused:
            return Rejected(change, refused.reasons, conflict=isinstance(refused, Conflict))
        except OutcomeUnknown as lost:
            return Unknown(change, str(lost))
        record = place(answer.body, send.result)
        if not isinstance(record, dict):
            return (
                Written(change, change.key) if change.key else Unknown(change, "The answer holds no record.")
            )
        key = place(record, stream.key)
        if key is None and change.key is None:
            return Unknown(change, f"The answer has no key {stream.key!r}.")
        version = place(record, stream.version) if stream.version else None
        return Written(change, str(change.key if key is None else key), version, record)

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Ask for the business reference."""
        find = _block(stream, "find", Find)
        records = listed(self.http.get(find.path, {find.param: change.reference}).body, find.items, find.path)
        keys = [place(one, stream.key) for one in records]
        if None in keys:
            raise ConfigError(f"{find.path}: a record that was found has no key {stream.key!r}.")
        return [Found(str(key), record=one) for key, one in zip(keys, records, strict=True)]

    def close(self) -> None:
        """Release connections."""
        self.http.close()


def sign_in(manifest: Manifest, settings: Settings) -> kinds.Auth:
    """Return the manifest's way of signing in; its values name settings."""
    told = dict(manifest.auth)
    kind = told.pop("kind", "none")

    def setting(name: str) -> Any:
        value = getattr(settings, str(told.get(name, name)), None)
        if value is None:
            raise ConfigError(f"{manifest.name}: auth kind {kind!r} needs a setting for {name!r}.")
        return value

    if kind == "none":
        return kinds.anonymous()
    if kind == "bearer":
        return kinds.bearer(setting("token"))
    if kind == "basic":
        return kinds.basic(setting("user"), setting("password"))
    if kind == "headers":
        return kinds.Headers({header: setting(header) for header in told})
    if kind == "oauth2_client_credentials":
        return kinds.ClientCredentials(setting("token_url"), setting("client_id"), setting("client_secret"))
    raise ConfigError(
        f"{manifest.name}: no auth kind {kind!r}; there are bearer, basic, headers, "
        "oauth2_client_credentials."
    )


def paging_of(block: PagingBlock, since: State) -> Paging:
    """Return the way of paging a manifest names, with its parameters checked."""
    told = dict(block.model_extra or {})
    if block.kind == "id_desc":
        told["known"] = since.cursor.get("at")
    try:
        paging: Paging = _PAGING[block.kind](**told)
    except TypeError as error:
        raise ConfigError(f"Paging {block.kind!r}: {str(error).split('() ')[-1]}.") from None
    return paging


def _block(stream: Stream, name: str, model: type[Any]) -> Any:
    told = stream.options.get(name)
    if not told:
        raise ConfigError(f"Stream {stream.name} has no block {name!r} in its manifest.")
    return model.model_validate(told)


def _number(told: Any) -> int | None:
    return int(told) if str(told).isdecimal() else None


def _filled(path: str, key: str) -> str:
    return path.replace("{key}", quote(key, safe=""))


def _earlier(at: str, seconds: int) -> str:
    if not seconds:
        return at
    moment = datetime.fromisoformat(at).astimezone(UTC) - timedelta(seconds=seconds)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
