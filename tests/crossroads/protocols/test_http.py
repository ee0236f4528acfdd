"""Every status and every broken connection means one thing, and no message repeats a value."""

import logging
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import RemoteDisconnected
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from urllib3.exceptions import ProtocolError

from crossroads.errors import AuthError, ConfigError, Conflict, OutcomeUnknown, RecordRejected, Unavailable
from crossroads.protocols.answers import Answer, Dialect, reason, retry_after
from crossroads.protocols.auth import basic
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
