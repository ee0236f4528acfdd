"""What changed since the last look: by SOQL in the order of time, then by the delete log."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.salesforce import soql
from crossroads.errors import HistoryLost
from crossroads.protocols.answers import Answer
from crossroads.protocols.paging import JsonUrl, Params, pages, place
from crossroads.records import Batch, State, Stream

_CURSOR = "SystemModstamp"
_DELETE_LOG_DAYS = 15
_SHORTEST_WINDOW = timedelta(minutes=1)


class Changes:
    """Reads one org; `get` asks it below the API's `root`."""

    def __init__(self, get: Callable[[str, Params | None], Answer], root: str) -> None:
        self._get, self._root = get, root

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield what changed, oldest first, then what was deleted."""
        overlap = timedelta(seconds=float(stream.options["overlap_seconds"]))
        at = str(since.cursor.get("at", ""))
        # Rows become visible when their transaction ends, stamped with the time it began: hence the overlap.
        window = f"{_CURSOR} >= {soql.instant(soql.moment(at) - overlap)}" if at else ""
        query = soql.select(
            stream.options["fields"],
            stream.options["object"],
            window,
            stream.options.get("where", ""),
            order=f"{_CURSOR}, Id",
        )
        asked = ""
        paging = JsonUrl("nextRecordsUrl", done="done")
        found = pages(self._get, f"{self._root}/query", {"q": query}, paging, "records")
        for page in found:
            asked = asked or _said_at(page.answer)
            newest = soql.instant(soql.moment(page.records[-1][_CURSOR])) if page.records else ""
            # At the end the cursor moves up to the query's own time: what a mass load stamped with one second
            # would else be read again in every run. It never moves beyond, whatever a record says.
            at = max(at, asked if page.last else min(newest, asked))
            state = State({"at": at, "gone_since": since.cursor.get("gone_since", asked)})
            yield Batch(
                page.records, state, last=page.end and not since, total=place(page.answer.body, "totalSize")
            )
        if since:
            yield from self._gone(stream, state, soql.moment(asked), overlap)

    def _gone(self, stream: Stream, state: State, until: datetime, overlap: timedelta) -> Iterator[Batch]:
        start = soql.moment(state.cursor["gone_since"]) - overlap
        if until - start > timedelta(days=_DELETE_LOG_DAYS):
            raise HistoryLost(
                f"Salesforce lists what was deleted for {_DELETE_LOG_DAYS} days, and {stream.name} was not read for longer."
            )
        if until - start <= _SHORTEST_WINDOW:
            return
        path = f"{self._root}/sobjects/{stream.options['object']}/deleted/"
        body = self._get(path, {"start": soql.instant(start), "end": soql.instant(until)}).body
        if soql.moment(body["earliestDateAvailable"]) > soql.moment(state.cursor["gone_since"]):
            # A big log is cut off earlier: what was deleted before the time it begins is not told.
            raise HistoryLost(f"Salesforce's log of deleted {stream.name} begins after the last read.")
        covered = soql.instant(soql.moment(body["latestDateCovered"]))
        gone_since = max(str(state.cursor["gone_since"]), covered)
        keys = [str(record["id"]) for record in body["deletedRecords"]]
        yield Batch([], State({**state.cursor, "gone_since": gone_since}), gone=keys)


def _said_at(answer: Answer) -> str:
    """Return the time of an answer by the org's own clock."""
    said = answer.headers.get("Date")
    return soql.instant(parsedate_to_datetime(said) if said else datetime.now(UTC))
