"""How we say who we are: every kind turns into headers, and knows whether it can renew itself."""

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic import SecretStr

from crossroads.errors import AuthError

PostForm = Callable[[str, Mapping[str, str], Mapping[str, str]], dict[str, Any]]
"""Send form fields with headers to a token address and return the decoded answer."""


class Auth(Protocol):
    """What `Http` needs to know of a way of signing in."""

    def headers(self, post: PostForm) -> Mapping[str, str]:
        """Return the headers that prove who we are; `post` reaches a token endpoint, if there is one."""

    def refresh(self, refused: Mapping[str, str]) -> bool:
        """Forget the `refused` headers and tell whether a second try has new ones to send."""


class Headers:
    """The same headers on every call: API keys, tokens, or nothing."""

    def __init__(self, values: Mapping[str, SecretStr | str]) -> None:
        self._values = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in values.items()
        }

    def headers(self, post: PostForm) -> Mapping[str, str]:
        """Return them."""
        return self._values

    def refresh(self, refused: Mapping[str, str]) -> bool:
        """A refused password stays refused: no second try, it would only help to lock the user."""
        return False


def anonymous() -> Headers:
    """Return a way of not signing in."""
    return Headers({})


def bearer(token: SecretStr) -> Headers:
    """Return `Authorization: Bearer`."""
    return Headers({"Authorization": f"Bearer {token.get_secret_value()}"})


def basic(user: str, password: SecretStr) -> Headers:
    """Return `Authorization: Basic`; UTF-8, as RFC 7617 allows and SAP expects."""
    pair = f"{user}:{password.get_secret_value()}".encode()
    return Headers({"Authorization": f"Basic {b64encode(pair).decode()}"})


class ClientCredentials:
    """OAuth 2.0 client credentials: one token for all threads.

    It is renewed shortly before it ends, and once after a 401.
    `claims` holds what else the token endpoint said (Salesforce: `instance_url`).
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: SecretStr,
        *,
        scope: str | None = None,
        in_body: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token_url, self._client_id, self._secret = token_url, client_id, client_secret
        self._scope, self._in_body, self._clock = scope, in_body, clock
        self._lock = threading.Lock()
        self._headers: dict[str, str] = {}
        self._ends = 0.0
        self.claims: Mapping[str, Any] = {}

    def headers(self, post: PostForm) -> Mapping[str, str]:
        """Return the bearer header, with a token fetched if none is fresh."""
        with self._lock:
            if not self._headers or self._clock() >= self._ends:
                self._fetch(post)
            return self._headers

    def refresh(self, refused: Mapping[str, str]) -> bool:
        """Drop the refused token; another thread may have renewed it already."""
        with self._lock:
            if self._headers.get("Authorization") == refused.get("Authorization"):
                self._headers = {}
        return True

    def _fetch(self, post: PostForm) -> None:
        form = {"grant_type": "client_credentials"}
        if self._scope:
            form["scope"] = self._scope
        proof: Mapping[str, str] = {}
        if self._in_body:
            form |= {"client_id": self._client_id, "client_secret": self._secret.get_secret_value()}
        else:
            proof = basic(self._client_id, self._secret).headers(post)
        answer = post(self._token_url, form, proof)
        token = answer.pop("access_token", None)
        if not token or not isinstance(token, str):
            raise AuthError(
                "The token endpoint answered without an access_token. Check token_url and the client."
            )
        life = _seconds(answer.get("expires_in")) or 1800.0
        self._ends = self._clock() + life - min(60.0, life / 5)
        self._headers = {"Authorization": f"Bearer {token}"}
        self.claims = answer


def _seconds(told: Any) -> float:
    try:
        return max(0.0, float(told))
    except (TypeError, ValueError):  # some say nothing, or no number
        return 0.0
