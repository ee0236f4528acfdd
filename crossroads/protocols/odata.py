"""OData services V2 and V4 as SAP serves them: tokens, pages, batches, with every part checked."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from crossroads.errors import ConfigError, CrossroadsError, OutcomeUnknown
from crossroads.protocols import failures
from crossroads.protocols.answers import Answer
from crossroads.protocols.http import Http
from crossroads.protocols.odata_batch import Operation, decode, encode
from crossroads.protocols.odata_dialect import TokenError, warnings
from crossroads.protocols.odata_values import Version, below, literal, unwrap
from crossroads.protocols.paging import place
from crossroads.records import Record

log = logging.getLogger(__name__)

# A session's token lives 30 minutes by default.
_TOKEN_SECONDS = 25 * 60.0
_UNQUOTED = "(),'/:$*"


class Entities(NamedTuple):
    """One page of entities: where the server goes on with it, and how many there are in all, if it says so."""

    records: list[Record]
    further: str | None
    total: int | None


class ODataService:
    """One service. The `Http` it is given must have an `ODataDialect`; entities come and go unwrapped."""

    def __init__(self, http: Http, root: str, version: Version = "v2") -> None:
        self.http, self.root, self.version = http, root.rstrip("/"), version
        self._tokens = threading.local()

    def entity_sets(self) -> list[str]:
        """Return the names of what the service offers."""
        body = self.http.get(f"{self.root}/", {"$format": "json"}).body
        sets = place(body, "d.EntitySets")
        if sets is None:
            sets = [one.get("name") for one in place(body, "value") or () if isinstance(one, dict)]
        return list(sets)

    def pages(
        self, entity_set: str, key: str, query: Mapping[str, str], size: int, after: str = ""
    ) -> Iterator[Entities]:
        """Yield entities in the order of their key, page by page, the last page empty; the first one counted.

        The next page is asked for by key, not by position, so that nothing is lost or doubled when records
        come meanwhile. A page that is merely short proves nothing: servers cut pages as they like.
        """
        counts = {"$inlinecount": "allpages"} if self.version == "v2" else {"$count": "true"}
        while True:
            asked = dict(query)
            if not after:
                asked |= counts
            if after:
                further = f"{key} gt {literal(after, self.version)}"
                asked["$filter"] = f"({asked['$filter']}) and {further}" if asked.get("$filter") else further
            asked |= {"$orderby": key, "$top": str(size)}
            page = self._page(f"{self.root}/{entity_set}{_query(asked)}")
            records = page.records
            yield page
            if not records:
                return
            if str(records[-1][key]) == after:
                raise ConfigError(
                    f"{entity_set}: the system ignores the filter on {key}; its list has no end."
                )
            after = str(records[-1][key])

    def select(self, entity_set: str, query: Mapping[str, str]) -> list[Record]:
        """Return the entities one query finds, all pages of it."""
        page = self._page(f"{self.root}/{entity_set}{_query(query)}")
        found, seen = page.records, set[str]()
        while page.further:
            if page.further in seen:
                raise ConfigError(
                    f"{entity_set}: the system hands out the same page again; its list has no end."
                )
            seen.add(page.further)
            page = self._page(page.further)
            found += page.records
        return found

    def _page(self, url: str) -> Entities:
        body = self.http.get(url).body
        d = place(body, "d")
        entities = d if isinstance(d, list) else place(body, "d.results")
        following = place(body, "d.__next")
        if entities is None:
            entities, following = place(body, "value"), place(body, "@odata.nextLink")
        if not isinstance(entities, list):
            raise ConfigError(f"{failures.place('GET', url)}: the answer holds no list of entities.")
        # A gateway may say its inner host in the link, so only what lies below the service is taken.
        further = f"{self.root}/{below(following, self.root)}" if following else None
        counted = str(
            place(body, "d.__count") or (body.get("@odata.count") if isinstance(body, dict) else None)
        )
        total = int(counted) if counted.isdecimal() else None
        return Entities([unwrap(one, self.root) for one in entities], further, total)

    def send(self, operation: Operation) -> Answer:
        """Carry out one modifying operation."""
        answer = self._modify(
            f"{self.root}/{operation.path}", operation.method, operation.record, None, operation.headers
        )
        _warn(answer)
        return answer

    def batch(self, changesets: Sequence[Sequence[Operation]]) -> list[Record | CrossroadsError]:
        """Carry out changesets, each whole or not at all.

        Return per changeset the record its first operation answered (empty if none), or its own error.
        """
        data, boundary = encode(changesets)
        headers = {"Content-Type": f"multipart/mixed; boundary={boundary}", "Accept": "multipart/mixed"}
        answer = self._modify(f"{self.root}/$batch", "POST", None, data, headers)
        parts = decode(answer)
        if parts is None or len(parts) != len(changesets):
            raise OutcomeUnknown(f"POST {self.root}/$batch: sent, but the answer is not a whole batch.")
        return [self._outcome(asked, told) for asked, told in zip(changesets, parts, strict=True)]

    def _outcome(self, asked: Sequence[Operation], told: Sequence[Answer]) -> Record | CrossroadsError:
        for operation, answer in zip(asked, told, strict=False):
            where = f"{operation.method} {operation.path.split('?')[0]}"
            failure = failures.of_status(answer, where, self.http.dialect, safe=False)
            if failure is not None:
                return failure
            _warn(answer)
        if len(told) != len(asked):
            return OutcomeUnknown(
                f"A changeset of {len(asked)} operations was answered with {len(told)} parts."
            )
        body = told[0].body
        record = place(body, "d") if self.version == "v2" else body
        # C4C wraps a single entity in `results`, as an object.
        if isinstance(record, dict) and isinstance(record.get("results"), dict):
            record = record["results"]
        return unwrap(record, self.root) if isinstance(record, dict) else {}

    def _modify(
        self,
        url: str,
        method: str,
        record: Mapping[str, Any] | None,
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        for fresh in (False, True):
            proof = {**headers, "X-CSRF-Token": self._token(fresh=fresh)}
            try:
                return self.http.request(
                    method, url, json=record, data=data, headers=proof, decode=data is None
                )
            except TokenError:
                if fresh:
                    raise
        raise AssertionError("returned or raised")

    def _token(self, *, fresh: bool) -> str:
        """Return this thread's token; it belongs to the session's cookies, which its connection keeps."""
        token, until = getattr(self._tokens, "held", ("", 0.0))
        if fresh or time.monotonic() >= until:
            # Asked at the root: entities and $metadata may be refused. A refusal can carry the token all the
            # same.
            answer = self.http.request(
                "GET",
                f"{self.root}/",
                headers={"X-CSRF-Token": "Fetch"},
                decode=False,
                allow=(400, 403, 404, 405, 406, 501),
            )
            token = answer.headers.get("x-csrf-token", "")
            if answer.status >= 400 and not token:
                raise ConfigError(
                    f"GET {self.root}/ answered {answer.status} and gave no CSRF token. Check the service."
                )
            self._tokens.held = (token, time.monotonic() + _TOKEN_SECONDS)
        return str(token)


def _query(query: Mapping[str, str]) -> str:
    """Return a query with blanks as %20: gateways do not take `+` for one."""
    told = "&".join(f"{name}={quote(value, safe=_UNQUOTED)}" for name, value in query.items() if value)
    return f"?{told}" if told else ""


def _warn(answer: Answer) -> None:
    for warning in warnings(answer):
        log.warning("The system wrote it, and warned: %s", warning)
