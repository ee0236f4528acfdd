"""Business partners and sales orders of SAP S/4HANA, both ways, over OData V2 or V4."""

from collections.abc import Iterator, Sequence

from pydantic import SecretStr
from requests.adapters import BaseAdapter

from connectors.sap_s4.operations import carry_out, operations
from connectors.sap_s4.options import Options, plain
from crossroads.connector import Connector, Settings
from crossroads.errors import (
    ConfigError,
    Conflict,
    CrossroadsError,
    OutcomeUnknown,
    RecordRejected,
    Unavailable,
)
from crossroads.protocols.auth import basic
from crossroads.protocols.budget import Budget
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.legible import legible
from crossroads.protocols.odata import ODataService
from crossroads.protocols.odata_batch import Operation
from crossroads.protocols.odata_dialect import ODataDialect
from crossroads.protocols.odata_values import equal_any
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

# A filter of fifty keys stays below the address length that gateways and proxies take.
_KEYS_A_CALL = 50


class SapS4Settings(Settings):
    """One S/4 system and the user we are there."""

    base_url: str
    user: str
    password: SecretStr
    client: str | None = None
    language: str | None = "EN"
    parallel: int | None = 4


class SapS4(Connector[SapS4Settings]):
    """Reads by change date and key, writes whole changes as changesets of few `$batch` calls."""

    settings_model = SapS4Settings

    def __init__(
        self,
        settings: SapS4Settings,
        streams: Sequence[Stream],
        *,
        transport: BaseAdapter | None = None,
        retries: Retries | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(settings, streams)
        # Without its number SAP picks the default client, and with it perhaps other people's data.
        client = {"sap-client": settings.client} if settings.client else {}
        self.http = Http(
            settings.base_url,
            basic(settings.user, settings.password),
            transport=transport,
            retries=retries,
            budget=budget,
            dialect=ODataDialect(),
            headers={"sap-language": settings.language or "EN", **client},
            parallel=settings.parallel or 4,
        )
        self._options = {stream.name: Options.of(stream) for stream in streams}
        self._services = {
            (one.service, one.odata): ODataService(self.http, one.service, one.odata)
            for one in self._options.values()
        }

    @legible
    def check(self) -> None:
        """Ask each service what it offers."""
        for name, options in self._options.items():
            offered = self._service(options).entity_sets()
            if options.entity_set not in offered:
                raise ConfigError(
                    f"sap_s4: {options.service} offers no {options.entity_set}, which stream {name} needs. "
                    "Is it active (/IWFND/MAINT_SERVICE), or does this installation need an overlay?"
                )

    @legible
    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield what changed, in the order of keys; the change mark moves when all of it was read.

        Changed partners come by date only, and not in its order, so an unfinished reading goes on behind its
        last key.
        """
        options = self._options[stream.name]
        mark, after = str(since.cursor.get("changed", "")), str(since.cursor.get("after", ""))
        highest = max(str(since.cursor.get("highest", "")), mark)
        query = {"$filter": options.since(since), **options.shape()}
        for page, _, total in self._service(options).pages(
            options.entity_set, stream.key, query, stream.page_size, after
        ):
            highest = max(highest, options.mark(page))
            if page:
                after = str(page[-1][stream.key])
                done = {"changed": mark} if mark else {}
                whole = total if not since else None  # of the first page; who comes meanwhile comes last
                yield Batch(page, State({**done, "after": after, "highest": highest}), total=whole)
            else:
                # What an unfinished reading had read before it broke off was not proved again.
                yield Batch(page, State({"changed": highest} if highest else {}), last=not since)

    def state_at(self, stream: Stream, instant: str) -> State:
        """Return the mark of that time, where records of this service tell when they were changed."""
        if not self._options[stream.name].changed:
            return super().state_at(stream, instant)
        return State({"changed": instant[:19]})

    @legible
    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield records by key, fifty a call, in the order of the keys."""
        options = self._options[stream.name]
        for start in range(0, len(keys), _KEYS_A_CALL):
            asked = keys[start : start + _KEYS_A_CALL]
            query = {
                "$filter": equal_any(stream.key, map(options.said, asked), options.odata),
                **options.shape(),
            }
            found = {
                plain(one[stream.key]): one
                for one in self._service(options).select(options.entity_set, query)
            }
            yield from (found[plain(key)] for key in asked if plain(key) in found)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Write a batch of changesets a call, over a few connections at a time."""
        size = max(1, stream.write_size)
        chunks = [changes[start : start + size] for start in range(0, len(changes), size)]
        for results in self.http.in_order(lambda chunk: self._write(stream, chunk), chunks):
            yield from results

    @legible
    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Search for what an earlier attempt of this create left behind."""
        options = self._options[stream.name]
        if options.find is None:
            raise ConfigError(f"sap_s4: stream {stream.name} does not say how a create is found again.")
        filters = options.find.filter(change, options.odata)
        query = {"$filter": filters, "$select": options.find.key, "$format": "json"}
        hits = self._service(options).select(options.find.entity_set, query)
        keys = list(dict.fromkeys(plain(one[options.find.key]) for one in hits))
        # Numbers are given out upwards.
        records = sorted(self.fetch(stream, keys), key=lambda one: str(one[stream.key]), reverse=True)
        return [Found(plain(one[stream.key]), _version(stream, one), one) for one in records]

    def close(self) -> None:
        """Release connections."""
        self.http.close()

    def _service(self, options: Options) -> ODataService:
        return self._services[options.service, options.odata]

    def _write(self, stream: Stream, changes: Sequence[Change]) -> list[WriteResult]:
        options = self._options[stream.name]
        results: dict[str, WriteResult] = {}
        sent: list[tuple[Change, list[Operation]]] = []
        for change in changes:
            try:
                sent.append((change, operations(stream, options, change)))
            except RecordRejected as refused:
                results[change.id] = Rejected(change, refused.reasons)
        outcomes = carry_out(self._service(options), [told for _, told in sent])
        keys: dict[str, str] = {}
        for (change, _), outcome in zip(sent, outcomes, strict=True):
            key = (
                change.key if change.key or isinstance(outcome, CrossroadsError) else outcome.get(stream.key)
            )
            if isinstance(outcome, CrossroadsError):
                results[change.id] = self._refused(stream, change, outcome)
            elif not key:
                results[change.id] = Unknown(
                    change, "The system took the record and did not tell its number."
                )
            else:
                keys[change.id] = plain(key)
        held = self._held(stream, list(keys.values()))
        for change in changes:
            if change.id in keys:
                record = held.get(keys[change.id])
                results[change.id] = Written(change, keys[change.id], _version(stream, record), record)
        return [results[change.id] for change in changes]

    def _refused(self, stream: Stream, change: Change, error: CrossroadsError) -> WriteResult:
        if isinstance(error, OutcomeUnknown | Unavailable):
            return Unknown(change, str(error))
        if stream.create == "enforced_key" and change.key is None:
            try:
                found = self.find(stream, change)
            except Unavailable as unseen:  # raised, it would say that nothing of this batch was sent
                return Unknown(change, str(unseen))
            if found:
                return Unknown(
                    change, "A record with this number is there already, perhaps from an earlier attempt."
                )
        reasons = error.reasons if isinstance(error, RecordRejected) else [str(error)]
        return Rejected(change, reasons, conflict=isinstance(error, Conflict))

    def _held(self, stream: Stream, keys: list[str]) -> dict[str, Record]:
        """Return what the system holds now; a failure here is not one of the write, which is certain."""
        try:
            return {plain(one[stream.key]): one for one in self.fetch(stream, keys)}
        except (Unavailable, ConfigError, RecordRejected):
            return {}


def _version(stream: Stream, record: Record | None) -> str | None:
    version = record.get(stream.version) if record and stream.version else None
    return None if version is None else str(version)
