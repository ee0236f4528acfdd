"""What a failed call means for its record and its run: statuses and lost connections, sorted once."""

from urllib.parse import urlsplit

import requests
import urllib3.exceptions as low

from crossroads.errors import (
    AuthError,
    ConfigError,
    Conflict,
    CrossroadsError,
    OutcomeUnknown,
    RecordRejected,
    Unavailable,
)
from crossroads.protocols.answers import Answer, Dialect, retry_after

# A gateway that gave up (502, 504) or a program that broke off (500) may have done the work before it failed.
_PERHAPS_DONE = {500, 502, 504}
_NOT_DONE = {408, 423, 425, 429, 503}
_NEVER_SENT = (
    low.NewConnectionError,
    low.NameResolutionError,
    low.ConnectTimeoutError,
    low.ProxyError,
    low.SSLError,
)


class SignInError(AuthError):
    """A 401: the credentials were refused, so they are not sent again unless they can be renewed."""


def place(method: str, url: str) -> str:
    """Name a call for people: method and path, never the query, whose values may be personal."""
    return f"{method} {urlsplit(url).path or '/'}"


def of_status(answer: Answer, where: str, dialect: Dialect, *, safe: bool) -> CrossroadsError | None:
    """Return what an answer's status means, or None if it is a success."""
    status = answer.status
    if status == 401:
        return SignInError(f"{where} answered 401: the credentials were refused. They are not tried again.")
    told = dialect.failure(answer, where)
    if told is not None or status < 300:
        return told
    if status in _NOT_DONE or status >= 500:
        if status in _PERHAPS_DONE and not safe:
            return OutcomeUnknown(
                f"{where} answered {status}: it may have been carried out before it failed."
            )
        wait = dialect.wait(answer)
        return Unavailable(
            f"{where} answered {status}: the system cannot do this now.",
            retry_after=retry_after(answer.headers) if wait is None else wait,
        )
    if status == 403:
        return dialect.forbidden(answer, where)
    if status < 400:
        return ConfigError(
            f"{where} answered {status}: it was sent on to another place, and we do not follow a write."
        )
    kind = Conflict if status in (412, 428) else RecordRejected
    return kind(*(dialect.reasons(answer) or [f"{where} answered {status}"]))


def of_connection(error: requests.RequestException, where: str, *, safe: bool) -> CrossroadsError:
    """Return what a broken connection means: not sent, or sent with its answer lost."""
    if isinstance(error, requests.exceptions.SSLError):
        return ConfigError(
            f"{where}: the system's certificate is not trusted. Check the address and the certificates."
        )
    if isinstance(
        error,
        requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema
        | requests.exceptions.MissingSchema,
    ):
        return ConfigError(f"{where}: the address is not a web address. Check the base URL.")
    if _never_sent(error):
        return Unavailable(f"{where}: no connection to the system ({_cause(error)}).")
    if safe:
        return Unavailable(f"{where}: the answer was lost or cut off ({_cause(error)}).")
    return OutcomeUnknown(f"{where}: sent, but the answer was lost ({_cause(error)}).")


def _never_sent(error: BaseException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    causes = [error, getattr(error, "reason", None), *error.args]
    causes += [getattr(cause, "reason", None) for cause in error.args]
    return any(isinstance(cause, _NEVER_SENT) for cause in causes)


def _cause(error: BaseException) -> str:
    """Name the kind only: the text of these errors repeats the whole address with its query."""
    inner = next((arg for arg in error.args if isinstance(arg, BaseException)), None)
    reason = getattr(inner, "reason", None) or inner
    return type(reason or error).__name__


def unreadable(where: str, why: str, *, safe: bool) -> CrossroadsError:
    """Return what a success we cannot read means: nothing for a read, an unknown outcome for a write."""
    if safe:
        return ConfigError(f"{where}: {why}")
    return OutcomeUnknown(f"{where}: sent, but {why}")


def cut_off(where: str, *, safe: bool) -> CrossroadsError:
    """Return what JSON that ends too early means."""
    if safe:
        return Unavailable(f"{where}: the answer is not whole JSON; it was probably cut off.")
    return OutcomeUnknown(f"{where}: sent, but the answer is not whole JSON.")
