"""Contacts, cases and comments: read by SOQL in the order of their changes, written as collections."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from pydantic import Field, SecretStr
from requests.adapters import BaseAdapter

from connectors.salesforce import soql
from connectors.salesforce.changes import Changes
from connectors.salesforce.dialect import SalesforceDialect
from connectors.salesforce.rows import LIMIT, Rows, external
from crossroads.connector import Connector, Settings
from crossroads.errors import ConfigError, CrossroadsError
from crossroads.protocols.auth import ClientCredentials
from crossroads.protocols.budget import Budget
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.legible import legible, reading
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

_RETRIEVE = 2000


class SalesforceSettings(Settings):
    """Where the org is and how we sign in."""

    base_url: str
    client_id: str
    client_secret: SecretStr
    api_version: str = "67.0"
    call_share: float = Field(0.9, gt=0, le=1)


class Salesforce(Connector[SalesforceSettings]):
    """An org, read incrementally with its delete log, written 200 rows a call."""

    settings_model = SalesforceSettings

    def __init__(
        self,
        settings: SalesforceSettings,
        streams: Sequence[Stream],
        *,
        transport: BaseAdapter | None = None,
        retries: Retries | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(settings, streams)
        base = settings.base_url.rstrip("/")
        self.root = f"/services/data/v{settings.api_version}"
        dialect = SalesforceDialect(settings.call_share)
        auth = ClientCredentials(f"{base}/services/oauth2/token", settings.client_id, settings.client_secret)
        self.http = Http(base, auth, transport=transport, budget=budget, dialect=dialect, retries=retries)
        self.rows = Rows(self.http, self.root, retries or Retries())

    @legible
    def check(self) -> None:
        """Return if we may sign in and every field of every stream is there and open to us."""
        missing: list[str] = []
        for stream in self.streams.values():
            kind = stream.options["object"]
            described = self.http.get(f"{self.root}/sobjects/{kind}/describe").body["fields"]
            fields = {field["name"]: field for field in described}
            missing += [f"{kind}.{name}" for name in stream.options["fields"] if name not in fields]
            name = stream.options.get("external_id")
            told = fields.get(name, {"externalId": True, "unique": True})
            if stream.writable and not (told["externalId"] and told["unique"]):
                missing.append(f"{kind}.{name} as a unique external id")
        if missing:
            raise ConfigError(
                f"The org has not, or does not show us: {', '.join(missing)}. Create the custom fields and "
                "give the app's user read and edit access to them (see the connector's README)."
            )

    @legible
    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield what changed, oldest first, then what was deleted."""
        return Changes(self.http.get, self.root).read(stream, since)

    def state_at(self, stream: Stream, instant: str) -> State:
        """Return the cursor of that time."""
        return State({"at": instant})

    @legible
    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the rows with these ids as they are now."""
        for start in range(0, len(keys), _RETRIEVE):
            body = {"ids": list(keys[start : start + _RETRIEVE]), "fields": stream.options["fields"]}
            path = f"{self.root}/composite/sobjects/{stream.options['object']}"
            # A POST because 2,000 ids do not fit into an address; it changes nothing.
            rows = self.http.request("POST", path, json=body, safe=True).body
            yield from (row for row in rows if row is not None)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Save up to 200 rows a call, and read them again in one call to know what the org made of them.

        Creates and updates are different calls: fewest are needed when the changes come sorted by kind.
        """
        for creating, group in groupby(changes, key=lambda change: change.key is None):
            alike = list(group)
            for start in range(0, len(alike), LIMIT):
                part = alike[start : start + LIMIT]
                outcomes = self.rows.save(stream, part, creating=creating)
                held = self._held(stream, [outcome.key for outcome in outcomes if outcome.key])
                for change, outcome in zip(part, outcomes, strict=True):
                    if outcome.key:
                        yield Written(change, outcome.key, record=held.get(outcome.key))
                    elif outcome.lost:
                        yield Unknown(change, outcome.lost)
                    else:
                        yield Rejected(change, outcome.reasons)

    def _held(self, stream: Stream, keys: Sequence[str]) -> dict[str, Record]:
        try:
            with reading("the rows that were saved"):
                return {str(row["Id"]): row for row in self.fetch(stream, keys)} if keys else {}
        except CrossroadsError:
            # The rows are saved; that we cannot see them now must not hide it.
            return {}

    @legible
    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Ask for the external id that the create carried."""
        wanted = f"{stream.options['external_id']} = {soql.quoted(external(stream, change))}"
        query = soql.select(stream.options["fields"], stream.options["object"], wanted)
        rows: list[dict[str, Any]] = self.http.get(f"{self.root}/query", {"q": query}).body["records"]
        return [Found(str(row["Id"]), record=row) for row in rows]

    def close(self) -> None:
        """Release connections."""
        self.http.close()
