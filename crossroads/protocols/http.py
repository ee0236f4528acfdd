"""HTTP below one base URL: signed in, within budget, patient with reads, careful with writes."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import orjson
import requests
import stamina
from requests.adapters import BaseAdapter

from crossroads.errors import AuthError, ConfigError, RecordRejected, Unavailable
from crossroads.protocols import failures
from crossroads.protocols.allowance import Allowance
from crossroads.protocols.answers import Answer, Dialect
from crossroads.protocols.auth import Auth, anonymous
from crossroads.protocols.budget import Budget, Held
from crossroads.protocols.counted import counted
from crossroads.protocols.lanes import Lanes
from crossroads.protocols.wire import Call, Wire

T = TypeVar("T")
R = TypeVar("R")
_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Retries:
    """How patiently a read is repeated; who asks for more than `longest` seconds is left to the engine.

    Over all its calls, a task repeats at most a `share` of those that succeed, and ten more.
    """

    attempts: int = 4
    first: float = 0.5
    longest: float = 30.0
    total: float = 120.0
    share: float = 0.2


class Http:
    """Calls below one base URL.

    Reads are repeated, writes never: a write whose answer is lost raises `OutcomeUnknown`. After a 401
    nothing more is sent, and until the first success calls go one by one, so that a wrong password is tried
    exactly once. `transport` is a requests adapter; tests give their own.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        transport: BaseAdapter | None = None,
        budget: Budget | None = None,
        dialect: Dialect | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        retries: Retries | None = None,
        parallel: int = 1,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.auth: Auth = auth or anonymous()
        self.dialect = dialect or Dialect()
        self.parallel = parallel
        self._budget, self._retries = budget, retries or Retries()
        self._allowance = Allowance(self._retries.share)
        known = {"Accept": "application/json", "User-Agent": "crossroads", **(headers or {})}
        self._wire = Wire(self.base_url, transport, timeout, known)
        self._tokens = Wire(self.base_url, transport, timeout, {"Accept": "application/json"})
        self._lanes = Lanes(parallel)
        self._door, self._known, self._refused = threading.Lock(), False, ""

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Return the answer to a read."""
        return self.request("GET", path, params=params)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        safe: bool | None = None,
        patient: bool | None = None,
        decode: bool = True,
        allow: Iterable[int] = (),
    ) -> Answer:
        """Return the answer, or raise the error that says what happens next.

        `safe` marks a call that changes nothing whatever its method (a query sent by POST): it may be
        repeated. `patient` repeats a write too, but only after answers that say it was not carried out (429,
        503). With `decode=False` the answer stays as bytes in `content`; statuses in `allow` are returned,
        not raised.
        """
        url = path if path.startswith(("http://", "https://")) else f"{self.base_url}{path}"
        if urlsplit(url)[:2] != self._wire.origin:
            raise ConfigError(
                f"{failures.place(method, url)} is on another host than the base URL; it is not called."
            )
        extra = dict(headers or {})
        if json is not None:
            data = orjson.dumps(json)
            extra.setdefault("Content-Type", "application/json")
        safe = method in _SAFE if safe is None else safe
        call = Call(method, url, safe, params, data, extra, decode, frozenset(allow))
        return self._patiently(call) if (call.safe if patient is None else patient) else self._guarded(call)

    def in_order(self, func: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield `func(item)` for every item in order, over as many connections as `parallel` allows."""
        return self._lanes.in_order(func, items)

    def session(self) -> requests.Session:
        """Return this thread's session; what a protocol keeps per connection (cookies) belongs to it."""
        return self._wire.session()

    def close(self) -> None:
        """Release every connection."""
        self._lanes.close()
        self._wire.close()
        self._tokens.close()
        if self._budget:
            self._budget.close()

    def _patiently(self, call: Call) -> Answer:
        patience, tried = self._retries, 0

        def again(error: Exception) -> bool | float:
            if not isinstance(error, Unavailable) or isinstance(error, Held):
                return False
            wait = error.retry_after
            if tried == patience.attempts or (wait or 0) > patience.longest:
                return False
            # A worker that slept before a call that is held back anyway would be missing elsewhere.
            if (self._budget and self._budget.left_alone()) or not self._allowance.spend():
                return False
            return True if wait is None else wait

        for attempt in stamina.retry_context(
            on=again,
            attempts=patience.attempts,
            timeout=patience.total,
            wait_initial=patience.first,
            wait_max=patience.longest,
            wait_jitter=patience.first,
        ):
            with attempt:
                tried += 1
                return self._guarded(call)
        raise AssertionError("stamina returns or raises")

    def _guarded(self, call: Call) -> Answer:
        """Send; one by one until the first success, not at all after a refusal."""
        if self._known:
            return self._signed(call)
        with self._door:
            answer = self._signed(call)
            self._known = True
            return answer

    def _signed(self, call: Call) -> Answer:
        if self._refused:
            raise AuthError(self._refused)
        proof = self.auth.headers(self._post_form)
        try:
            return self._counted(self._wire, call, proof, self.dialect)
        except failures.SignInError as refusal:
            if not self.auth.refresh(proof):
                raise self._shut(refusal) from None
        try:
            return self._counted(self._wire, call, self.auth.headers(self._post_form), self.dialect)
        except failures.SignInError as refusal:
            raise self._shut(refusal) from None

    def _counted(self, wire: Wire, call: Call, proof: Mapping[str, str], dialect: Dialect) -> Answer:
        answer = counted(self._budget, wire, call, proof, dialect)
        self._allowance.earn()
        return answer

    def _shut(self, refusal: AuthError) -> AuthError:
        self._refused, self._known = str(refusal), False
        return refusal

    def _post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        """Ask a token endpoint, which may live on a host of its own; repeating the question harms nobody."""
        extra = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        call = Call("POST", url, True, data=urlencode(form).encode(), headers=extra)
        if self._refused:
            raise AuthError(self._refused)
        try:
            body = self._counted(self._tokens, call, {}, Dialect()).body
        except (failures.SignInError, RecordRejected) as refusal:
            message = f"{call.where} gave no token. Check the client's id and secret."
            raise self._shut(AuthError(message)) from refusal
        if not isinstance(body, dict):
            raise Unavailable(f"{call.where} answered without a token.")
        return body
