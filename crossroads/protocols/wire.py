"""One request over one connection: sent, read, decoded, and sorted by what it means."""

import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import get_environ_proxies

from crossroads.errors import ConfigError, CrossroadsError, OutcomeUnknown, Unavailable
from crossroads.protocols import failures
from crossroads.protocols.answers import Answer, Dialect

# urllib3 writes every path with its query at DEBUG, and queries carry e-mail addresses.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent.

    `safe` says that it changes nothing; `allow` are failure statuses the caller wants to see as an answer.
    """

    method: str
    url: str = field(repr=False)
    safe: bool
    params: Mapping[str, Any] | None = field(default=None, repr=False)
    data: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    decode: bool = True
    allow: frozenset[int] = frozenset()

    @property
    def where(self) -> str:
        """Method and path, for people."""
        return failures.place(self.method, self.url)


class Told(NamedTuple):
    """How a request ended: an answer, a failure, an answer that is one, or the `further` request it is sent on to."""

    answer: Answer | None
    failure: CrossroadsError | None = None
    further: Call | None = None

    @property
    def dead(self) -> bool:
        """Whether it says that the system, not what we asked of it, is the problem.

        What a system refuses, be it with a 500 that its dialect knows for a refusal, it was alive to refuse.
        """
        if not isinstance(self.failure, Unavailable | OutcomeUnknown):
            return False
        return self.answer is None or self.answer.status >= 500


class Wire:
    """Sessions to one host, one per thread: each has its own connection and cookies."""

    def __init__(
        self,
        base_url: str,
        transport: BaseAdapter | None,
        timeout: tuple[float, float],
        headers: Mapping[str, str],
    ) -> None:
        self.origin = urlsplit(base_url)[:2]
        self._transport, self._timeout, self._headers = transport, timeout, dict(headers)
        self._proxies = get_environ_proxies(base_url)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def session(self) -> requests.Session:
        """Return this thread's session."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            # Looking at the environment costs more than a small call, and ~/.netrc could replace our
            # credentials.
            session.trust_env = False
            session.proxies = dict(self._proxies)
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
            session.headers.update(self._headers)
            adapter = self._transport or HTTPAdapter(pool_connections=1, pool_maxsize=1)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._sessions.append(session)
        return session

    def close(self) -> None:
        """Release every connection."""
        for session in self._sessions:
            session.close()

    def send(self, call: Call, proof: Mapping[str, str], dialect: Dialect) -> Told:
        """Return what was answered, and the error that says what happens next, if it was no success."""
        try:
            response = self._exchange(call, proof)
        except CrossroadsError as lost:
            return Told(None, lost)
        answer = Answer(response.status_code, response.headers, None, response.content, call.url)
        if response.is_redirect and call.method == "GET":
            return self._sent_on(call, answer)
        readable: CrossroadsError | None = None
        if call.decode or answer.status >= 400:
            body, readable = _decoded(answer, call)
            answer = Answer(answer.status, answer.headers, body, answer.content, call.url)
        if answer.status in call.allow:
            return Told(answer)
        return Told(answer, failures.of_status(answer, call.where, dialect, safe=call.safe) or readable)

    def _exchange(self, call: Call, proof: Mapping[str, str]) -> requests.Response:
        try:
            return self.session().request(
                call.method,
                call.url,
                params=call.params,
                data=call.data,
                headers={**proof, **call.headers},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            failure = failures.of_connection(error, call.where, safe=call.safe)
        # Raised outside `except`: the caught error names the whole address, and tracebacks print it as context.
        raise failure

    def _sent_on(self, call: Call, answer: Answer) -> Told:
        """Return the request that a redirect asks for: the system counts it as one more, so it is not made here."""
        url = urljoin(call.url, answer.headers["Location"])
        scheme, host, *_ = urlsplit(url)
        if (scheme, host) == self.origin:
            return Told(answer, further=replace(call, url=url, params=None))
        why = f"is redirected to another host ({host}), perhaps a log-in page. Check the base URL."
        return Told(answer, ConfigError(f"{call.where} {why}"))


def _decoded(answer: Answer, call: Call) -> tuple[Any, CrossroadsError | None]:
    """Return the JSON of an answer, and what it means if there should be some and is none."""
    if not answer.content:
        return None, None
    kind = answer.headers.get("Content-Type", "json").split(";")[0].strip().lower()
    if "json" not in kind:
        why = f"expected JSON and got {kind}. Does a proxy or log-in page answer at this address?"
        return None, failures.unreadable(call.where, why, safe=call.safe)
    try:
        return orjson.loads(answer.content), None
    except orjson.JSONDecodeError:
        pass
    try:
        return _mended(answer.content), None
    except ValueError:
        pass
    return None, failures.cut_off(call.where, safe=call.safe)


def _mended(content: bytes) -> Any:
    """Return JSON that is whole but for half characters: systems that count in UTF-16 cut texts within an emoji."""
    text = json.dumps(json.loads(content), ensure_ascii=False, allow_nan=False)
    return orjson.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
