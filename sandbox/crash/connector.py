"""The connector to one of the three systems, written as any other: over `crossroads.protocols`, with a transport of its own."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from crossroads.connector import Connector, Settings
from crossroads.errors import OutcomeUnknown, RecordRejected, Unavailable
from crossroads.protocols.http import Http, Retries
from crossroads.records import (
    Batch,
    Change,
    Found,
    Record,
    Rejected,
    Safety,
    State,
    Stream,
    Unknown,
    WriteResult,
    Written,
)
from crossroads.testkit.faults import FaultyTransport

SETTLE_SECONDS = 0.15
RETRIES = Retries(attempts=2, first=0.0, longest=0.05, total=2.0)
CREATES: dict[str, Safety] = {"erp": "enforced_key", "crm": "search", "shop": "idempotency_key"}


class RingSettings(Settings):
    """Where the systems are."""

    base_url: str


def stream(system: str) -> Stream:
    """Return what the system's one stream says of itself."""
    return Stream(
        "people",
        "key",
        version="version" if system == "erp" else None,
        writable=True,
        create=CREATES[system],
        deletes="native",
        settle_seconds=SETTLE_SECONDS,
    )


class RingConnector(Connector[RingSettings]):
    """Reads and writes one system; `moment` is called before and after each request."""

    settings_model = RingSettings

    def __init__(
        self, system: str, url: str, transport: FaultyTransport, moment: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(RingSettings(base_url=url), [stream(system)])
        self.system, self.transport, self.moment = system, transport, moment
        self.http = Http(
            f"{url}/{system}/people", transport=transport, retries=RETRIES, headers={"Accept": "*/*"}
        )

    def check(self) -> None:
        """Answer."""

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield pages in the order of change, deletions among them."""
        after, last = str(since.cursor.get("seq", 0)), False
        while not last:
            self.moment()
            page = self._get({"after": after})
            after, last = str(page["seq"]), page["last"]
            yield Batch(page["items"], State({"seq": after}), gone=page["gone"], last=last)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the records with these keys."""
        yield from self._get({"keys": ",".join(keys)})["items"]

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Write one call a change."""
        for change in changes:
            self.moment()
            result = self._one(change)
            self.moment()
            yield result

    def _one(self, change: Change) -> WriteResult:
        headers = {"X-Intent": change.id}
        if change.key is not None:
            method, path = "PATCH", f"/{change.key}"
            if self.system == "erp" and change.version:
                headers["If-Match"] = change.version
        elif self.system == "erp":
            method, path = "PUT", f"/own-{change.reference}"
        else:
            method, path = "POST", ""
        try:
            answer = self.http.request(method, path, json=change.record, headers=headers, allow=(409, 412))
        except RecordRejected as refused:
            return Rejected(change, refused.reasons)
        except OutcomeUnknown as lost:
            return Unknown(change, str(lost))
        if answer.status == 409:
            return Unknown(change, "the number is taken: perhaps by an earlier attempt")
        if answer.status == 412:
            return Rejected(change, ["somebody changed it"], conflict=True)
        if not isinstance(answer.body, dict) or "key" not in answer.body:
            return Unknown(change, "the answer shows no record")
        shown = answer.body if self.system != "shop" else None
        return Written(change, answer.body["key"], shown["version"] if shown else None, shown)

    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Ask by the reference of a create; the ERP also tells of a number that was deleted."""
        page = self._get({"reference": change.reference})
        gone = [Found(key, gone=True) for key in page["gone"]]
        return [Found(one["key"], one["version"], one) for one in page["items"]] + gone

    def _get(self, params: dict[str, Any]) -> dict[str, Any]:
        body = self.http.get("", params).body
        if not isinstance(body, dict):
            raise Unavailable("the answer is no page; ask again")
        return body

    def close(self) -> None:
        """Release connections; what is late arrives."""
        self.http.close()
