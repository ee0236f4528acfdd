"""Each fault does to a request what its name says, as a real server sees it and as a caller feels it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from random import Random
from threading import Thread
from typing import Any

import pytest
import requests

from crossroads.errors import AuthError, ConfigError, CrossroadsError, OutcomeUnknown, Unavailable
from crossroads.protocols.http import Http, Retries
from crossroads.testkit.faults import FAULTS, SENT_AGAIN, Fault, FaultyTransport

ONCE = Retries(attempts=1)


class Counting(BaseHTTPRequestHandler):
    """Notes what it carried out."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    done: list[tuple[str, bool]] = []

    def do_POST(self) -> None:
        self._carry_out()
        answer = b'{"carried": "out", "and": "well"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_PUT(self) -> None:
        self._carry_out()
        self.send_response(204)
        self.end_headers()

    def _carry_out(self) -> None:
        size = self.headers["Content-Length"]
        body = b"".join(self._chunks()) if size is None else self.rfile.read(int(size))
        self.done.append((body.decode(), SENT_AGAIN in self.headers))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Counting.done = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    server.daemon_threads = True
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def post(http: Http, text: str = '"x"') -> Any:
    return http.request("POST", "/", data=text.encode(), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("fault", "carried_out", "felt"),
    [
        ("unreachable", 0, Unavailable),
        ("unauthorized", 0, AuthError),
        ("forbidden", 0, AuthError),
        ("throttled", 0, Unavailable),
        ("busy", 0, Unavailable),
        ("broken", 0, OutcomeUnknown),
        ("html", 0, OutcomeUnknown),
        ("shapeless", 0, None),
        ("lost", 1, OutcomeUnknown),
        ("dropped", 1, OutcomeUnknown),
        ("crashed", 1, OutcomeUnknown),
        ("gateway", 1, OutcomeUnknown),
        ("truncated", 1, OutcomeUnknown),
        ("cut", 1, OutcomeUnknown),
        ("slow", 1, None),
        ("duplicated", 2, None),
        ("late", 1, OutcomeUnknown),
    ],
)
def test_a_write_meets_a_fault(
    url: str, fault: Fault, carried_out: int, felt: type[CrossroadsError] | None
) -> None:
    transport = FaultyTransport(delay=0.01)
    transport.fail(fault)
    http = Http(url, transport=transport, retries=ONCE)
    if felt is None:
        post(http)
    else:
        with pytest.raises(felt):
            post(http)
    transport.settle()
    assert len(Counting.done) == carried_out
    assert transport.done == {fault: 1}
    http.close()


def test_every_fault_is_tried() -> None:
    tried = {row[0] for row in test_a_write_meets_a_fault.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    assert tried == set(FAULTS)


def test_a_second_delivery_says_so(url: str) -> None:
    transport = FaultyTransport()
    transport.fail("duplicated")
    post(Http(url, transport=transport))
    assert [again for _, again in Counting.done] == [False, True]


BODIES: dict[str, Callable[[], Any]] = {
    "bytes": lambda: "größe\n1\n".encode(),
    "text": lambda: "größe\n1\n",
    "form": lambda: {"size": "1"},
    "nothing": lambda: None,
    "file": lambda: BytesIO("größe\n1\n".encode()),
    "generator": lambda: (line.encode() for line in ("größe\n", "1\n")),
    "generator of text": lambda: iter(("größe\n", "1\n")),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_second_delivery_carries_the_same_body(url: str, body: Callable[[], Any]) -> None:
    transport = FaultyTransport()
    transport.fail("duplicated")
    session = requests.Session()
    session.mount("http://", transport)
    session.post(url, data=body(), timeout=2)
    session.post(url, data=body(), timeout=2)
    first, again, alike = (text for text, _ in Counting.done)
    assert first == again == alike


def test_a_late_file_arrives_whole_though_it_was_closed_meanwhile(url: str) -> None:
    transport = FaultyTransport(delay=0.05)
    transport.fail("late")
    session = requests.Session()
    session.mount("http://", transport)
    with BytesIO(b"a file") as file, pytest.raises(requests.ReadTimeout):
        session.post(url, data=file, timeout=2)
    transport.settle()
    assert [text for text, _ in Counting.done] == ["a file"]


@pytest.mark.parametrize("fault", ["truncated", "cut"])
def test_an_answer_without_a_body_is_lost_whole(url: str, fault: Fault) -> None:
    transport = FaultyTransport()
    transport.fail(fault)
    http = Http(url, transport=transport)
    with pytest.raises(OutcomeUnknown, match="the answer was lost"):
        http.request("PUT", "/", json="x")
    assert [text for text, _ in Counting.done] == ['"x"']
    assert transport.done == {fault: 1}
    assert http.request("PUT", "/", json="x").status == 204
    http.close()


def test_a_late_request_arrives_behind_later_ones(url: str) -> None:
    transport = FaultyTransport(delay=0.1)
    transport.fail("late")
    http = Http(url, transport=transport, retries=ONCE)
    with pytest.raises(OutcomeUnknown):
        post(http, '"first"')
    post(http, '"second"')
    transport.settle()
    assert [text for text, _ in Counting.done] == ['"second"', '"first"']


def test_a_read_that_breaks_off_in_mid_body_is_no_short_answer(url: str) -> None:
    transport = FaultyTransport()
    transport.fail("cut")
    http = Http(url, transport=transport, retries=ONCE)
    with pytest.raises(Unavailable):
        http.request("POST", "/", json={}, safe=True)


def test_a_page_instead_of_json_is_a_matter_for_a_person(url: str) -> None:
    transport = FaultyTransport()
    transport.fail("html")
    http = Http(url, transport=transport, retries=ONCE)
    with pytest.raises(ConfigError, match="text/html"):
        http.request("POST", "/", json={}, safe=True)


def storm(url: str, seed: int, share: float) -> dict[Fault, int]:
    transport = FaultyTransport(delay=0.0)
    transport.storm(Random(seed), share, ("lost", "busy", "slow"))
    session = requests.Session()
    session.mount("http://", transport)
    for _ in range(60):
        try:
            session.post(url, data="x", timeout=5)
        except requests.RequestException:
            continue
    return transport.done


def test_the_same_seed_is_the_same_storm_and_its_share_is_kept(url: str) -> None:
    assert storm(url, 7, 0.5) == storm(url, 7, 0.5)
    assert set(storm(url, 7, 0.9)) == {"lost", "busy", "slow"}
    assert sum(storm(url, 7, 0.9).values()) > sum(storm(url, 7, 0.1).values()) > 0
    assert storm(url, 7, 0.0) == {}


def test_a_fault_that_there_is_not_is_refused_where_it_is_asked_for() -> None:
    with pytest.raises(ValueError, match="no fault lots; there are unreachable"):
        FaultyTransport().fail("lots")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no fault lots"):
        FaultyTransport().storm(Random(1), 0.5, ["lost", "lots"])  # type: ignore[list-item]


@pytest.mark.parametrize("skew", [-86_400.0, 3600.0], ids=["behind", "ahead"])
def test_a_clock_that_is_not_ours_makes_nobody_wait_longer_or_less(url: str, skew: float) -> None:
    transport = FaultyTransport(skew=skew)
    transport.fail("throttled")
    http = Http(url, retries=ONCE, transport=transport)
    with pytest.raises(Unavailable) as caught:
        post(http)
    assert 5 <= (caught.value.retry_after or 0) <= 7
    there = parsedate_to_datetime(post(http).headers["Date"])
    assert abs((there - datetime.now(UTC)).total_seconds() - skew) < 60
