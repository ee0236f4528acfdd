"""Shopify over its Admin GraphQL API."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from pydantic import SecretStr
from requests.adapters import BaseAdapter

from connectors.shopify import customers, documents, orders
from connectors.shopify.sending import Sent, send
from connectors.shopify.window import Window
from crossroads.connector import Connector, Settings
from crossroads.errors import AuthError, ConfigError, CrossroadsError
from crossroads.protocols.answers import Answer
from crossroads.protocols.auth import Headers
from crossroads.protocols.budget import Budget
from crossroads.protocols.graphql import GraphQL, GraphQLDialect
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.legible import legible
from crossroads.protocols.paging import place
from crossroads.records import Batch, Change, Found, Record, State, Stream, Unknown, WriteResult, Written


class ShopifySettings(Settings):
    """What a connection to one shop needs."""

    base_url: str
    token: SecretStr
    api_version: str = "2026-10"


class ShopifyDialect(GraphQLDialect):
    """Statuses with which Shopify says that the shop itself, not a record, is the problem."""

    def failure(self, answer: Answer, where: str) -> CrossroadsError | None:
        """Return ConfigError for an unknown shop or version and for a closed shop."""
        if answer.status == 404:
            return ConfigError(
                f"{where} answered 404: no such shop or API version. Check base_url and api_version."
            )
        if answer.status in (402, 423):
            return ConfigError(
                f"{where} answered {answer.status}: the shop is frozen or locked. Ask its owner."
            )
        return super().failure(answer, where)


class Shopify(Connector[ShopifySettings]):
    """One shop: customers both ways, orders with their delivery."""

    settings_model = ShopifySettings

    def __init__(
        self,
        settings: ShopifySettings,
        streams: Sequence[Stream],
        *,
        transport: BaseAdapter | None = None,
        retries: Retries | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(settings, streams)
        self._http = Http(
            settings.base_url,
            Headers({"X-Shopify-Access-Token": settings.token}),
            transport=transport,
            dialect=ShopifyDialect(),
            retries=retries,
            budget=budget,
        )
        self._graphql = GraphQL(self._http, f"/admin/api/{settings.api_version}/graphql.json")

    @legible
    def check(self) -> None:
        """Ask for the shop's name."""
        if place(self._graphql.query(documents.SHOP).body, "data.shop.name") is None:
            raise AuthError("Shopify answered without a shop. Check the token and its scopes.")

    @legible
    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        """Yield what changed, in the order of its last change."""
        window = Window(
            since, stream.options.get("overlap_seconds", 300), stream.options.get("restart_after", 20_000)
        )
        document = documents.listing(stream.name)
        total = None if since or stream.name != "customers" else self._count()
        while True:
            asked = {"first": stream.page_size, "after": None, "query": window.query}
            for page in self._graphql.pages(document, asked, stream.name):
                fresh = [self._record(stream, node) for node in window.fresh(page.records)]
                yield Batch(fresh, window.state, last=page.end and not since, total=total)
                if window.full and not page.last:
                    window = window.restarted()
                    break
            else:
                return

    def state_at(self, stream: Stream, instant: str) -> State:
        """Return the cursor of that time."""
        return State({"updated_at": instant})

    @legible
    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        """Yield records by their ids."""
        kind = f"gid://shopify/{documents.gid_kind(stream.name)}/"
        # One malformed id refuses the whole question.
        wanted = [key for key in keys if key.startswith(kind) and key.removeprefix(kind).isdigit()]
        for start in range(0, len(wanted), stream.page_size):
            asked = {"ids": wanted[start : start + stream.page_size]}
            answer = self._graphql.query(documents.by_ids(stream.name), asked)
            yield from (self._record(stream, node) for node in place(answer.body, "data.nodes") or () if node)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        """Write a few changes a request."""
        for start in range(0, len(changes), stream.write_size):
            some = changes[start : start + stream.write_size]
            sent = self._send_orders(some) if stream.name == "orders" else self._send_customers(stream, some)
            yield from self._written(stream, some, sent)

    @legible
    def find(self, stream: Stream, change: Change) -> Sequence[Found]:
        """Return the customer that carries the change's unique value."""
        custom = customers.custom_id(change, stream)
        answer = self._graphql.query(documents.BY_CUSTOM_ID, {"identifier": {"customId": custom}})
        found = place(answer.body, "data.customerByIdentifier")
        return [Found(found["id"], record=found)] if found else []

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def _count(self) -> int | None:
        """Return how many customers the shop counts before we list them; those who come meanwhile come last."""
        counted = place(self._graphql.query(documents.COUNT).body, "data.customersCount") or {}
        return int(counted["count"]) if counted.get("precision") == "EXACT" else None

    def _send_customers(self, stream: Stream, changes: Sequence[Change]) -> list[Sent]:
        now = self._now(
            stream, [change.key for change in changes if change.key and customers.needs_address(change)]
        )
        seen = [replace(change, base=now.get(change.key or "", change.base)) for change in changes]
        results = send(self._graphql, seen, partial(customers.plan, stream=stream))
        return [
            result if isinstance(result, list) else replace(result, change=change)
            for change, result in zip(changes, results, strict=True)
        ]

    def _send_orders(self, changes: Sequence[Change]) -> list[Sent]:
        held = self._tasks([change.key for change in changes if change.key])
        return send(self._graphql, changes, partial(orders.plan, held=held))

    @legible
    def _tasks(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return orders with what of them is still to be fulfilled."""
        answer = self._graphql.query(documents.TASKS, {"ids": keys}) if keys else None
        nodes = place(answer.body, "data.nodes") if answer else ()
        return {node["id"]: node for node in nodes or () if node}

    def _written(self, stream: Stream, changes: Sequence[Change], sent: Sequence[Sent]) -> list[WriteResult]:
        """Turn payloads into results, each with the record as the shop now holds it."""
        told = [_customer(result) for result in sent]
        unseen = [
            str(change.key)
            for change, result, record in zip(changes, sent, told, strict=True)
            if isinstance(result, list) and record is None
        ]
        now = self._again(stream, unseen)
        results: list[WriteResult] = []
        for change, result, record in zip(changes, sent, told, strict=True):
            held = record or now.get(str(change.key))
            key = change.key or (held or {}).get("id")
            if not isinstance(result, list):
                results.append(result)
            elif key is None:
                results.append(Unknown(change, "The answer holds no customer."))
            else:
                results.append(Written(change, key, record=held))
        return results

    def _again(self, stream: Stream, keys: Sequence[str]) -> dict[str, Record]:
        """Read records once more; what was written stays written, even if that fails."""
        try:
            return self._now(stream, keys)
        except CrossroadsError:
            return {}

    @legible
    def _now(self, stream: Stream, keys: Sequence[str]) -> dict[str, Record]:
        return {record["id"]: record for record in self.fetch(stream, keys)} if keys else {}

    def _record(self, stream: Stream, node: Record) -> Record:
        return orders.whole(self._graphql, node) if stream.name == "orders" else node


def _customer(sent: Sent) -> Record | None:
    """Return the customer that the last mutation of a change answered with."""
    found = sent[-1].get("customer") if isinstance(sent, list) and sent else None
    return found if isinstance(found, dict) else None
