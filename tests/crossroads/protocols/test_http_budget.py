"""A client and what its system allows: limits, pauses the system asks for, and the breaker of one that does not answer."""

import contextlib
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from urllib3.exceptions import ProtocolError

from crossroads.errors import (
    AuthError,
    ConfigError,
    CrossroadsError,
    OutcomeUnknown,
    RecordRejected,
    Unavailable,
)
from crossroads.protocols.answers import Answer, Dialect
from crossroads.protocols.auth import ClientCredentials
from crossroads.protocols.breaker import FAILURES, FIRST
from crossroads.protocols.budget import Budget
from crossroads.protocols.counters import Counters
from crossroads.protocols.graphql import GraphQLDialect
from crossroads.protocols.http import Http, Retries

QUICK = Retries(attempts=3, first=0.0, longest=0.01, total=5.0)
ONCE = Retries(attempts=1)
OK = (200, {}, {"ok": True})
DROPPED = requests.ConnectionError(ProtocolError("x", RemoteDisconnected("x")))


def http(transport: Any, **told: Any) -> Http:
    return Http("https://system.example/api", transport=transport, retries=QUICK, **told)


def test_a_used_up_budget_makes_the_system_unavailable(scripted: Any) -> None:
    client = http(scripted(OK), budget=Budget({"per_hour": 2}, longest_wait=0.05))
    client.get("/1")
    client.get("/2")
    with pytest.raises(Unavailable, match="budget"):
        client.request("POST", "/3", json={})
    client.close()


@pytest.mark.parametrize(
    ("answer", "dead"),
    [
        ((503, {}, {}), True),
        ((500, {}, {}), True),
        (requests.ConnectTimeout("x"), True),
        (requests.ReadTimeout("x"), True),
        (DROPPED, True),
        ((400, {}, {}), False),
        ((404, {}, {}), False),
        ((412, {}, {}), False),
        ((401, {}, {}), False),
        ((403, {}, {}), False),
        ((429, {}, {}), False),
        ((200, {}, b'{"half": '), False),
        (requests.exceptions.SSLError("x"), False),
    ],
)
def test_only_a_system_that_gives_no_useful_answer_counts_as_dead(
    scripted: Any, answer: Any, dead: bool
) -> None:
    class Heard(Budget):
        ends: list[bool] = []

        def heard(self, *, dead: bool, pause: float | None = None) -> None:
            self.ends.append(dead)

    budget = Heard()
    with pytest.raises((Unavailable, OutcomeUnknown, RecordRejected, AuthError, ConfigError)):
        http(scripted(answer), budget=budget).request("POST", "/x", json={})
    assert set(budget.ends) == {dead}


@pytest.mark.parametrize(
    ("method", "told"),
    [("GET", Unavailable), ("POST", OutcomeUnknown)],
)
def test_a_dead_system_is_not_called_again_and_what_was_not_sent_is_not_in_doubt(
    scripted: Any, method: str, told: type
) -> None:
    transport = scripted(requests.ReadTimeout("x"))
    client = http(transport, budget=Budget(title="crm"))
    while len(transport.asked) < 5:
        with pytest.raises(told):
            client.request(method, "/x", json={} if method == "POST" else None)
    for _ in range(100):
        with pytest.raises(Unavailable, match="crm has not answered since") as caught:
            client.request("POST", "/x", json={})
        assert 0 < (caught.value.retry_after or 0) <= 5
    assert len(transport.asked) == 5
    client.close()


def test_nobody_sleeps_before_a_call_that_will_be_held_back(scripted: Any) -> None:
    clock = [1_800_000_000.0]
    transport = scripted((503, {}, {}))
    patient = Retries(attempts=5, first=1.0, longest=5.0, total=30.0)
    budget = Budget(counters=Counters(clock=lambda: clock[0]))
    client = Http("https://system.example/api", transport=transport, retries=patient, budget=budget)
    for _ in range(4):
        budget.take()
        budget.heard(dead=True)
    # The fifth failure opens the breaker, and each probe after it that fails keeps it open.
    for probe in range(3):
        with pytest.raises(Unavailable, match="answered 503"):
            client.get("/x")
        assert len(transport.asked) == probe + 1
        clock[0] += 1_000
    client.close()


def test_the_breaker_holds_calls_for_a_token_too(scripted: Any) -> None:
    transport = scripted(requests.ConnectTimeout("x"))
    secret = ClientCredentials("https://system.example/token", "id", SecretStr("s"))
    client = http(transport, auth=secret, budget=Budget())
    for _ in range(20):
        with pytest.raises(Unavailable):
            client.request("POST", "/x", json={})
    assert len(transport.asked) == 5
    client.close()


@pytest.mark.parametrize(
    ("answer", "dialect"),
    [
        ((429, {"Retry-After": "60"}, {}), Dialect()),
        ((503, {"Retry-After": "60"}, {}), Dialect()),
        (
            (
                200,
                {},
                {
                    "errors": [{"extensions": {"code": "THROTTLED"}}],
                    "extensions": {
                        "cost": {
                            "requestedQueryCost": 900,
                            "throttleStatus": {"currentlyAvailable": 300, "restoreRate": 10},
                        }
                    },
                },
            ),
            GraphQLDialect(),
        ),
    ],
)
def test_who_is_asked_to_wait_tells_all_others(
    scripted: Any, answer: Any, dialect: Dialect, tmp_path: Path
) -> None:
    def client(transport: Any) -> Http:
        counters = Counters(f"sqlite:///{tmp_path / 'calls.db'}")
        return http(transport, budget=Budget(name="crm", counters=counters), dialect=dialect)

    told, other, transport = client(scripted(answer)), client(asked := scripted(OK)), scripted(OK)
    with pytest.raises(Unavailable):
        told.get("/x")
    with pytest.raises(Unavailable, match="is not called before") as caught:
        other.request("POST", "/x", json={})
    assert caught.value.retry_after == pytest.approx(60, abs=5)
    assert not asked.asked
    elsewhere = http(transport, budget=Budget(name="shop"))
    assert elsewhere.get("/x").status == 200
    for one in (told, other, elsewhere):
        one.close()


def test_a_write_does_not_wait_longer_than_it_is_claimed_for(scripted: Any) -> None:
    slept: list[float] = []
    now = [1_800_000_000.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    counters = Counters(clock=lambda: now[0])
    client = http(scripted(OK), budget=Budget({"per_minute": 1}, counters=counters, sleep=sleep))
    client.get("/x")
    with pytest.raises(Unavailable, match="used up"):
        client.request("POST", "/x", json={})
    assert not slept
    client.get("/x")
    assert slept == [pytest.approx(61)]
    client.close()


def test_a_success_may_say_that_nothing_is_left(scripted: Any) -> None:
    class Spent(Dialect):
        def spent(self, answer: Answer) -> float | None:
            return 60.0 if answer.headers.get("Left") == "0" else None

    client = http(scripted((200, {"Left": "0"}, {})), budget=Budget(), dialect=Spent())
    client.get("/x")
    with pytest.raises(Unavailable):
        client.get("/x")
    client.close()


@pytest.mark.parametrize("limit", [1, 2])
def test_each_hop_of_a_redirect_is_a_call_that_counts(scripted: Any, limit: int) -> None:
    transport = scripted((301, {"Location": "/api/x/"}, b""), OK)
    client = http(transport, budget=Budget({"per_hour": limit}, longest_wait=0.05))
    for _ in range(2):
        with contextlib.suppress(Unavailable):
            client.get("/x")
    assert len(transport.asked) == limit
    client.close()


def test_a_redirect_to_a_system_that_does_not_answer_is_heard_of(scripted: Any) -> None:
    ends: list[bool] = []

    class Heard(Budget):
        def heard(self, *, dead: bool, pause: float | None = None) -> None:
            ends.append(dead)

    transport = scripted((301, {"Location": "/api/x/"}, b""), requests.ReadTimeout("x"))
    with pytest.raises(Unavailable, match="lost or cut off"):
        Http("https://system.example/api", transport=transport, retries=ONCE, budget=Heard()).get("/x")
    assert ends == [False, True]


class Odd(Dialect):
    """Cannot read what it is given."""

    def failure(self, answer: Answer, where: str) -> CrossroadsError | None:
        raise ValueError("unforeseen")


@pytest.mark.parametrize(
    ("answer", "dialect"),
    [(ValueError("unforeseen"), Dialect()), (OK, Odd())],
    ids=["the transport", "the dialect"],
)
def test_who_tries_a_system_and_meets_an_unforeseen_error_lets_another_try(
    scripted: Any, answer: Any, dialect: Dialect
) -> None:
    clock = [1_800_000_000.0]
    budget = Budget(counters=Counters(clock=lambda: clock[0]))
    for _ in range(FAILURES):
        budget.take()
        budget.heard(dead=True)
    clock[0] += FIRST
    with pytest.raises(ValueError, match="unforeseen"):
        http(scripted(answer), budget=budget, dialect=dialect).get("/x")
    other = http(scripted(requests.ReadTimeout("x")), budget=budget)
    with pytest.raises(Unavailable, match="lost or cut off"):
        other.get("/x")
    assert budget.left_alone()  # the error closed nothing: the system may be as dead as before
    other.close()


@pytest.mark.parametrize(
    ("answers", "calls", "repeated"),
    [
        ([(429, {}, {})], 100, 10),  # nothing succeeds: ten repetitions, and then none
        ([(429, {}, {}), *[OK] * 9], 100, 12),  # one call in ten fails, each is repeated
    ],
)
def test_repetitions_are_a_share_of_what_succeeds(
    scripted: Any, answers: list[Any], calls: int, repeated: int
) -> None:
    transport = scripted(*answers * 100)
    client = http(transport)
    for _ in range(calls):
        with contextlib.suppress(Unavailable):
            client.get("/x")
    assert len(transport.asked) == calls + repeated
