"""GraphQL over POST: errors inside 200, cost buckets, connections, refusals per mutation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossroads.errors import ConfigError, CrossroadsError, OutcomeUnknown, RecordRejected, Unavailable
from crossroads.protocols import failures
from crossroads.protocols.answers import Answer, Dialect, reason
from crossroads.protocols.http import Http
from crossroads.protocols.paging import Page, Params, pages, place
from crossroads.protocols.paging_keys import Connection

_BUSY = {"THROTTLED", "RATE_LIMITED", "TIMEOUT", "SERVICE_UNAVAILABLE"}
_BROKEN = {"INTERNAL_SERVER_ERROR", "INTERNAL_ERROR"}


class GraphQLDialect(Dialect):
    """Errors of GraphQL servers, and the wait until a cost bucket holds what a call needs."""

    def failure(self, answer: Answer, where: str) -> CrossroadsError | None:
        """Return Unavailable for a throttled call: nothing of it was carried out."""
        if any(code in _BUSY for code in _codes(answer.body)):
            return Unavailable(f"{where}: the call budget is used up for now.", retry_after=self.wait(answer))
        return None

    def wait(self, answer: Answer) -> float | None:
        """Return the seconds until the bucket holds the cost of this call, as Shopify says it."""
        seconds = _restored(answer)
        return None if seconds is None else max(0.1, seconds)

    def spent(self, answer: Answer) -> float | None:
        """Return the seconds until the bucket holds what this call took once more; the next is often its like."""
        seconds = _restored(answer)
        return seconds if seconds and seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Mutated:
    """What a document with one or several mutations did: payloads by alias, and why others failed."""

    data: Mapping[str, Any] = field(repr=False)
    errors: Mapping[str, tuple[str, ...]]

    def payload(self, alias: str) -> dict[str, Any]:
        """Return the payload of one mutation, or raise RecordRejected with every `userErrors` entry."""
        if alias in self.errors:
            raise RecordRejected(*self.errors[alias])
        payload = self.data.get(alias)
        if not isinstance(payload, dict):
            raise OutcomeUnknown(f"The mutation {alias} was sent, but the answer says nothing of it.")
        errors = payload.get("userErrors") or []
        if not _each_a_dict(errors):
            raise OutcomeUnknown(f"The mutation {alias} was sent, but its `userErrors` cannot be read.")
        refused = [reason(one.get("code"), one.get("field"), one.get("message")) for one in errors]
        if refused:
            raise RecordRejected(*refused)
        return payload


class GraphQL:
    """One GraphQL endpoint. The `Http` it is given should have a `GraphQLDialect`."""

    def __init__(self, http: Http, path: str) -> None:
        self.http, self.path = http, path

    def query(self, document: str, variables: Params | None = None) -> Answer:
        """Return the answer to a question; an answer with any error in it is an error."""
        answer = self._send(document, variables, safe=True)
        errors = _errors(answer.body)
        if errors:
            told = [_told(one) for one in errors]
            if any(code in _BROKEN for code in _codes(answer.body)):
                raise Unavailable(f"{self.path}: the system failed inside: {'; '.join(told)}")
            raise ConfigError(f"{self.path}: the system does not understand what we ask: {'; '.join(told)}")
        return answer

    def mutate(self, document: str, variables: Params | None = None) -> Mutated:
        """Carry out a document of mutations; waits for a throttled one, because it was not begun."""
        answer = self._send(document, variables, safe=False)
        data = place(answer.body, "data")
        errors = _errors(answer.body)
        if isinstance(data, dict) and any(value is not None for value in data.values()):
            return Mutated(data, _by_alias(errors))
        if any(code in _BROKEN for code in _codes(answer.body)):
            raise OutcomeUnknown(f"{self.path}: sent, but the system failed inside.")
        if not errors:
            raise OutcomeUnknown(f"{self.path}: sent, but the answer is empty.")
        if all(_alias(one) for one in errors):
            return Mutated({}, _by_alias(errors))
        told = "; ".join(_told(one) for one in errors)
        raise ConfigError(f"{self.path}: the system does not understand what we send: {told}")

    def pages(
        self, document: str, variables: Params, connection: str, *, after: str = "after"
    ) -> Iterator[Page]:
        """Yield the nodes of a connection page by page; `connection` is its place below `data`."""

        def ask(_: str, params: Params | None) -> Answer:
            return self.query(document, params)

        at = f"data.{connection}"
        return pages(ask, self.path, variables, Connection(at, after), f"{at}.nodes")

    def _send(self, document: str, variables: Params | None, *, safe: bool) -> Answer:
        body = {"query": document, "variables": dict(variables or {})}
        answer = self.http.request("POST", self.path, json=body, safe=safe, patient=True)
        # Without its errors nobody knows whether it was carried out, so it must not pass for refused either.
        if not isinstance(answer.body, dict) or _errors_of(answer.body) is None:
            why = "the answer is no answer of GraphQL. Check the address."
            raise failures.unreadable(f"POST {self.path}", why, safe=safe)
        return answer


def _restored(answer: Answer) -> float | None:
    cost = place(answer.body, "extensions.cost")
    asked, there, rate = (
        _number(place(cost, at))
        for at in ("requestedQueryCost", "throttleStatus.currentlyAvailable", "throttleStatus.restoreRate")
    )
    return (asked - there) / rate if rate else None


def _number(told: Any) -> float:
    return float(told) if isinstance(told, int | float) else 0.0


def _errors(body: Any) -> list[dict[str, Any]]:
    return _errors_of(body) or []


def _errors_of(body: Any) -> list[dict[str, Any]] | None:
    """Return the errors of an answer; None if it says them in a way that we cannot read."""
    found = place(body, "errors") or []
    if isinstance(found, str):  # Shopify answers a wrong token or path with one plain text
        return [{"message": found}]
    return found if _each_a_dict(found) else None


def _each_a_dict(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(one, dict) for one in found)


def _codes(body: Any) -> list[str]:
    return [str(place(one, "extensions.code") or "") for one in _errors(body)]


def _told(error: Mapping[str, Any]) -> str:
    return reason(place(error, "extensions.code"), error.get("path"), error.get("message"))


def _alias(error: Mapping[str, Any]) -> str:
    path = error.get("path")
    return str(path[0]) if isinstance(path, list) and path else ""


def _by_alias(errors: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = {}
    for one in errors:
        told[_alias(one)] = (*told.get(_alias(one), ()), _told(one))
    return told
