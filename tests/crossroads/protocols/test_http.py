"""Every status and every broken connection means one thing, and no message repeats a value."""

import contextlib
import logging
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from urllib3.exceptions import ProtocolError

from crossroads.errors import AuthError, ConfigError, Conflict, OutcomeUnknown, RecordRejected, Unavailable
from crossroads.protocols.answers import Answer, Dialect, reason, retry_after
from crossroads.protocols.auth import ClientCredentials, basic
from crossroads.protocols.budget import Budget
from crossroads.protocols.counters import Counters
from crossroads.protocols.graphql import GraphQLDialect
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.lanes import Lanes

QUICK = Retries(attempts=3, first=0.0, longest=0.01, total=5.0)
OK = (200, {}, {"ok": True})
QUERY = {"email": "ann@private.example"}
DROPPED = requests.ConnectionError(ProtocolError("x", RemoteDisconnected("x")))


def http(transport: Any, **told: Any) -> Http:
    return Http("https://system.example/api", transport=transport, retries=QUICK, **told)


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (400, RecordRejected, RecordRejected),
        (401, AuthError, AuthError),
        (403, AuthError, AuthError),
        (404, RecordRejected, RecordRejected),
        (408, Unavailable, Unavailable),
        (409, RecordRejected, RecordRejected),
        (412, Conflict, Conflict),
        (422, RecordRejected, RecordRejected),
        (428, Conflict, Conflict),
        (429, Unavailable, Unavailable),
        (500, Unavailable, OutcomeUnknown),
        (502, Unavailable, OutcomeUnknown),
        (503, Unavailable, Unavailable),
        (504, Unavailable, OutcomeUnknown),
    ],
)
def test_a_status_means_what_happens_next(scripted: Any, status: int, read: type, write: type) -> None:
    for method, expected in (("GET", read), ("POST", write)):
        with pytest.raises(expected) as caught:
            http(scripted((status, {}, {}))).request(method, "/x", json={} if method == "POST" else None)
        assert type(caught.value) is expected or status == 401


@pytest.mark.parametrize(
    ("failure", "read", "write"),
    [
        (requests.ConnectTimeout("x"), Unavailable, Unavailable),
        (requests.ReadTimeout("x"), Unavailable, OutcomeUnknown),
        (DROPPED, Unavailable, OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError("x"), Unavailable, OutcomeUnknown),
        (requests.exceptions.SSLError("x"), ConfigError, ConfigError),
    ],
)
def test_a_broken_connection_tells_what_was_never_sent_from_what_lost_its_answer(
    scripted: Any, failure: Exception, read: type, write: type
) -> None:
    with pytest.raises(read):
        http(scripted(failure)).get("/x")
    with pytest.raises(write):
        http(scripted(failure)).request("POST", "/x", json={})


def test_a_refused_connection_is_told_from_a_lost_answer_over_a_real_socket() -> None:
    with pytest.raises(Unavailable, match="no connection"):
        Http("http://127.0.0.1:9", retries=QUICK).request("POST", "/x", json={})


def test_reads_are_repeated_and_writes_are_not(scripted: Any) -> None:
    transport = scripted((503, {}, {}), (503, {}, {}), OK)
    assert http(transport).get("/x").body == {"ok": True}
    assert len(transport.asked) == 3
    transport = scripted((503, {}, {}))
    with pytest.raises(Unavailable):
        http(transport).request("POST", "/x", json={})
    assert len(transport.asked) == 1


def test_a_patient_write_waits_for_a_busy_system_and_not_for_a_lost_answer(scripted: Any) -> None:
    transport = scripted((429, {}, {}), OK)
    assert http(transport).request("POST", "/x", json={}, patient=True).status == 200
    transport = scripted((502, {}, {}), OK)
    with pytest.raises(OutcomeUnknown):
        http(transport).request("POST", "/x", json={}, patient=True)
    assert len(transport.asked) == 1


def test_who_asks_for_more_patience_than_we_have_is_left_to_the_engine(scripted: Any) -> None:
    transport = scripted((429, {"Retry-After": "60"}, {}))
    with pytest.raises(Unavailable) as caught:
        http(transport).get("/x")
    assert caught.value.retry_after == 60
    assert len(transport.asked) == 1


def test_retry_after_may_be_a_date() -> None:
    told = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)}
    assert 25 < (retry_after(told) or 0) <= 30
    assert retry_after({"Retry-After": "soon"}) is None


def test_a_dialect_can_say_the_wait_elsewhere(scripted: Any) -> None:
    class Discourse(Dialect):
        def wait(self, answer: Answer) -> float | None:
            return float(answer.body["extras"]["wait_seconds"])

    with pytest.raises(Unavailable) as caught:
        http(scripted((429, {}, {"extras": {"wait_seconds": 12}})), dialect=Discourse()).get("/x")
    assert caught.value.retry_after == 12


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>"), ConfigError, "expected JSON and got text/html"),
        ((200, {}, b'{"half": '), Unavailable, "cut off"),
        (
            (302, {"Location": "https://login.example/?u=ann"}, b""),
            ConfigError,
            r"another host \(login.example\)",
        ),
        ((302, {"Location": "/api/x"}, b""), ConfigError, "redirected again and again"),
    ],
)
def test_an_answer_that_is_no_answer_names_the_path(
    scripted: Any, answer: Any, error: type, told: str
) -> None:
    with pytest.raises(error, match=told) as caught:
        http(scripted(answer)).get("/customers", {"email": "ann@private.example"})
    assert "GET /api/customers" in str(caught.value)


def test_a_redirect_on_the_same_host_is_followed(scripted: Any) -> None:
    transport = scripted((301, {"Location": "/api/v2/x"}, b""), OK)
    assert http(transport).get("/x").body == {"ok": True}
    assert transport.asked[1].url == "https://system.example/api/v2/x"


def test_an_address_on_another_host_is_not_called(scripted: Any) -> None:
    transport = scripted(OK)
    with pytest.raises(ConfigError, match="another host"):
        http(transport).get("https://elsewhere.example/x")
    assert not transport.asked


@pytest.mark.parametrize(
    "failure", [DROPPED, requests.ReadTimeout("https://x?email=ann@private.example"), (500, {}, {})]
)
def test_no_message_log_line_or_traceback_repeats_a_query(
    scripted: Any, failure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unavailable) as caught:
        http(scripted(failure)).get("/customers", QUERY)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "ann@private" not in told
    assert "ann%40private" not in told


def test_a_refused_password_is_sent_once_even_from_many_threads(scripted: Any) -> None:
    transport = scripted((401, {}, b""))
    refuse = transport.send
    transport.send = lambda *args, **told: (time.sleep(0.02), refuse(*args, **told))[1]
    client = http(transport, auth=basic("user", SecretStr("wrong")), parallel=8)
    refused: list[bool] = []

    def ask(_: int) -> None:
        with pytest.raises(AuthError):
            client.get("/x")
        refused.append(True)

    list(client.in_order(ask, range(20)))
    assert len(refused) == 20
    assert len(transport.asked) == 1
    client.close()


def test_results_come_in_the_order_of_the_questions_over_several_connections(scripted: Any) -> None:
    client = http(scripted(OK), parallel=4)
    first, threads = threading.Event(), set()

    def ask(number: int) -> int:
        threads.add(threading.get_ident())
        if number == 0:
            first.wait(5)
        if number == 3:
            first.set()
        return number

    assert list(client.in_order(ask, range(8))) == list(range(8))
    assert len(threads) > 1
    client.close()


def test_each_thread_has_its_own_session(scripted: Any) -> None:
    client, found = http(scripted(OK)), []
    thread = threading.Thread(target=lambda: found.append(client.session()))
    thread.start()
    thread.join()
    assert found[0] is not client.session()


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


def test_a_write_that_another_lane_carried_out_is_told_before_the_one_that_was_not_sent() -> None:
    begun = threading.Barrier(2, timeout=5)

    def send(number: int) -> int:
        if number < 2:
            begun.wait()  # both are on their way
        if number == 0:
            raise Unavailable("held")
        time.sleep(0.05)
        return number

    lanes = Lanes(2)
    told = lanes.in_order(send, range(2))
    assert next(told) == 1
    with pytest.raises(Unavailable):
        next(told)

    def lose(number: int) -> int:
        begun.wait()
        raise Unavailable("held") if number == 0 else OutcomeUnknown("lost")

    with pytest.raises(OutcomeUnknown):  # "not sent" would be untrue of the second
        list(lanes.in_order(lose, range(2)))
    lanes.close()


@pytest.mark.parametrize(
    ("code", "field", "message", "told"),
    [
        ("R1/286", None, "Partner 4711 exists", "R1/286 (message: text of 19: letters, digits, blanks)"),
        ("TAKEN", ["input", "email"], None, "TAKEN at input.email"),
        (
            "ann@private.example",
            "Ann Lee",
            None,
            "<text of 19: letters, other> at <text of 7: letters, blanks>",
        ),
        (None, None, "Ann exists", "no code (message: text of 10: letters, blanks)"),
    ],
)
def test_a_reason_keeps_codes_and_fields_and_drops_what_may_be_a_value(
    code: Any, field: Any, message: Any, told: str
) -> None:
    assert reason(code, field, message) == told
