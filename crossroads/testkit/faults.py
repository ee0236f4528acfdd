"""A transport that fails on command or at random: before sending, after sending, or with a wrong answer.

transport = FaultyTransport()
transport.fail("lost", when=lambda request: request.method == "POST")
connector = MyConnector(settings, streams, transport=transport)
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from time import sleep
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.exceptions import ProtocolError

from crossroads.testkit import answers, bodies

Fault: TypeAlias = Literal[
    "unreachable",  # no connection: never sent
    "unauthorized",  # 401, 403, 429 with Retry-After, 503, 500: answered so and not carried out
    "forbidden",
    "throttled",
    "busy",
    "broken",
    "html",  # a log-in page with status 200, or JSON of no use: not carried out
    "shapeless",
    "lost",  # carried out, and the answer lost: no answer in time, a closed connection, a 500, a 504
    "dropped",
    "crashed",
    "gateway",
    "truncated",  # carried out, and the answer cut: whole but for its end, or broken off in mid-body; lost if it has none
    "cut",
    "slow",  # carried out and answered well, late
    "duplicated",  # carried out twice, as by a proxy that tries again by itself
    "late",  # no answer in time, and carried out only after later requests were
]
"""What may happen to a request on its way."""

FAULTS: Sequence[Fault] = get_args(Fault)
ONCE_ONLY: frozenset[Fault] = frozenset({"duplicated"})
"""Faults against which a client alone can do nothing where the system recognises no request."""

RETRY_AFTER = 7
SENT_AGAIN = "X-Sent-Again"
"""The header of a request's second delivery, by which a stand-in can tell it from a second request."""

_STATUS = {"unauthorized": 401, "forbidden": 403, "throttled": 429, "busy": 503, "broken": 500}
_AFTERWARDS = {"crashed": 500, "gateway": 504}
_CUT = ("truncated", "cut")
_LATER = ("duplicated", "late")


@dataclass
class _Plan:
    fault: Fault
    times: int
    when: Callable[[PreparedRequest], bool]


@dataclass
class _Storm:
    random: Random
    share: float
    faults: Sequence[Fault]
    when: Callable[[PreparedRequest], bool]


class FaultyTransport(BaseAdapter):
    """Passes requests on to `inner` (the network, if not given), except those that are to fail.

    `seen` lists method and path of every request that was asked of it, failed ones included; `done` counts the faults.
    `delay` is how many seconds slow answers and late requests take, `retry_after` what a refused caller is told to wait, and
    `skew` by how many seconds the other side's clock is ahead: it dates every answer, and says until when to wait.
    """

    def __init__(
        self,
        inner: BaseAdapter | None = None,
        *,
        delay: float = 0.05,
        retry_after: float = RETRY_AFTER,
        skew: float | None = None,
    ) -> None:
        super().__init__()
        self._inner = inner or HTTPAdapter()
        self._plans: list[_Plan] = []
        self._storm: _Storm | None = None
        self._lock = threading.Lock()
        self._under_way: list[threading.Thread] = []
        self.delay, self.retry_after, self.skew = delay, retry_after, skew
        self.seen: list[tuple[str, str]] = []
        self.done: dict[Fault, int] = {}

    def fail(
        self, fault: Fault, *, times: int = 1, when: Callable[[PreparedRequest], bool] | None = None
    ) -> None:
        """Make the next `times` requests for which `when` is true (all, if not given) fail this way."""
        _known([fault])
        self._plans.append(_Plan(fault, times, when or (lambda _: True)))

    def storm(
        self,
        random: Random,
        share: float,
        faults: Sequence[Fault] = FAULTS,
        when: Callable[[PreparedRequest], bool] | None = None,
    ) -> None:
        """Make a random share of all requests fail, each in one of these ways; the same seed, the same storm."""
        _known(faults)
        self._storm = _Storm(random, share, faults, when or (lambda _: True))

    def heal(self) -> None:
        """Fail no more."""
        self._plans.clear()
        self._storm = None

    def settle(self) -> None:
        """Return when every late request has arrived."""
        while self._under_way:
            self._under_way.pop().join()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send, or fail as planned."""
        response = self._sent(request, *args, **kwargs)
        if self.skew is not None:
            response.headers["Date"] = self._dated(0)
        return response

    def _dated(self, seconds: float) -> str:
        there = datetime.now(UTC) + timedelta(seconds=seconds + (self.skew or 0.0))
        return format_datetime(there, usegmt=True)

    def _sent(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        fault = self._due(request)
        if fault is None:
            return self._inner.send(request, *args, **kwargs)
        if fault == "unreachable":
            raise requests.ConnectTimeout("planned", request=request)
        if fault in _STATUS:
            until = str(self.retry_after) if self.skew is None else self._dated(self.retry_after)
            return answers.page(request, _STATUS[fault], {"Retry-After": until})
        if fault == "html":
            return answers.page(request, 200, {})
        if fault == "shapeless":
            return answers.answer(request, 200, b'"?"', {"Content-Type": "application/json"})
        if fault in _LATER:
            request = bodies.kept(request)
        if fault == "late":
            self._send_late(request, args, kwargs)
            raise requests.ReadTimeout("planned", request=request)
        response = self._inner.send(request, *args, **kwargs)
        if fault == "lost":
            raise requests.ReadTimeout("planned", request=request)
        # Where there is no body to be cut, the answer breaks off before it begins.
        if fault == "dropped" or (fault in _CUT and not response.content):
            raise requests.ConnectionError(ProtocolError("planned", answers.GONE), request=request)
        if fault in _AFTERWARDS:
            return answers.page(request, _AFTERWARDS[fault], {})
        if fault == "truncated":
            return answers.truncated(request, response)
        if fault == "cut":
            return answers.cut(request, response)
        if fault == "slow":
            sleep(self.delay)
        if fault == "duplicated":
            again = request.copy()
            again.headers[SENT_AGAIN] = "1"
            self._inner.send(again, *args, **kwargs)
        return response

    def close(self) -> None:
        """Let what is under way arrive, and close the inner transport."""
        self.settle()
        self._inner.close()

    def _send_late(self, request: PreparedRequest, args: Any, kwargs: Any) -> None:
        def arrive() -> None:
            sleep(self.delay)
            try:
                self._inner.send(request, *args, **kwargs)
            except requests.RequestException:
                return  # the system is gone by then: it never arrived

        thread = threading.Thread(target=arrive, daemon=True)
        self._under_way.append(thread)
        thread.start()

    def _due(self, request: PreparedRequest) -> Fault | None:
        with self._lock:
            self.seen.append((request.method or "", urlsplit(request.url or "").path))
            fault = self._planned(request)
            if fault is not None:
                self.done[fault] = self.done.get(fault, 0) + 1
            return fault

    def _planned(self, request: PreparedRequest) -> Fault | None:
        for plan in self._plans:
            if plan.times > 0 and plan.when(request):
                plan.times -= 1
                return plan.fault
        storm = self._storm
        if storm is not None and storm.when(request) and storm.random.random() < storm.share:
            return storm.random.choice(storm.faults)
        return None


def _known(faults: Sequence[str]) -> None:
    if unknown := [fault for fault in faults if fault not in FAULTS]:
        raise ValueError(f"There is no fault {', '.join(unknown)}; there are {', '.join(FAULTS)}.")
