"""Signing in: headers, and tokens that are fetched once, shared, and renewed once."""

from typing import Any

import pytest
from pydantic import SecretStr

from crossroads.errors import AuthError
from crossroads.protocols.auth import ClientCredentials, Headers, basic, bearer
from crossroads.protocols.http import Http, Retries

QUICK = Retries(attempts=1)
OK = (200, {}, {})
REFUSED = (401, {}, b"")


def token(number: int) -> tuple[int, dict[str, str], dict[str, Any]]:
    return (
        200,
        {},
        {"access_token": f"token-{number}", "expires_in": 3600, "instance_url": "https://na1.example"},
    )


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def credentials(clock: list[float]) -> ClientCredentials:
    return ClientCredentials("https://login.example/token", "us", SecretStr("hush"), clock=lambda: clock[0])


def proofs(transport: Any) -> list[str]:
    return [one.headers.get("Authorization", "form") for one in transport.asked]


def test_headers_say_who_we_are(scripted: Any) -> None:
    for auth, name, value in (
        (basic("ü", SecretStr("p")), "Authorization", "Basic w7w6cA=="),
        (bearer(SecretStr("t")), "Authorization", "Bearer t"),
        (Headers({"X-Key": SecretStr("k")}), "X-Key", "k"),
    ):
        transport = scripted(OK)
        Http("https://x.example", auth, transport=transport).get("/")
        assert transport.asked[0].headers[name] == value


def test_a_token_is_fetched_once_and_kept(scripted: Any, credentials: ClientCredentials) -> None:
    transport = scripted(token(1), OK)
    http = Http("https://x.example", credentials, transport=transport)
    http.get("/a")
    http.get("/b")
    assert proofs(transport) == ["form", "Bearer token-1", "Bearer token-1"]
    assert credentials.claims["instance_url"] == "https://na1.example"
    assert "access_token" not in credentials.claims


@pytest.mark.parametrize("odd", [1, ["token"], {"token": 1}, True, "", None])
def test_what_is_no_token_is_not_sent(scripted: Any, credentials: ClientCredentials, odd: Any) -> None:
    transport = scripted((200, {}, {"access_token": odd}), OK)
    with pytest.raises(AuthError, match="without an access_token"):
        Http("https://x.example", credentials, transport=transport).get("/a")
    assert proofs(transport) == ["form"]


@pytest.mark.parametrize(
    ("told", "kept"), [("3600", 3539), ("soon", 1739), ([], 1739), (None, 1739), (-5, 1739)]
)
def test_a_token_whose_end_cannot_be_read_is_kept_for_half_an_hour(
    scripted: Any, credentials: ClientCredentials, clock: list[float], told: Any, kept: int
) -> None:
    status, headers, body = token(1)
    transport = scripted((status, headers, {**body, "expires_in": told}), OK, OK, token(2), OK)
    http = Http("https://x.example", credentials, transport=transport)
    for clock[0] in (0, kept, kept + 2):
        http.get("/a")
    assert proofs(transport) == ["form", "Bearer token-1", "Bearer token-1", "form", "Bearer token-2"]


def test_a_token_near_its_end_is_renewed(
    scripted: Any, credentials: ClientCredentials, clock: list[float]
) -> None:
    transport = scripted(token(1), OK, token(2), OK)
    http = Http("https://x.example", credentials, transport=transport)
    http.get("/a")
    clock[0] = 3590
    http.get("/b")
    assert proofs(transport)[-1] == "Bearer token-2"


def test_a_refused_token_is_renewed_once_and_the_call_sent_once_more(
    scripted: Any, credentials: ClientCredentials
) -> None:
    transport = scripted(token(1), REFUSED, token(2), OK)
    assert Http("https://x.example", credentials, transport=transport).get("/a").status == 200
    assert proofs(transport) == ["form", "Bearer token-1", "form", "Bearer token-2"]


def test_a_renewed_token_that_is_refused_too_ends_it(scripted: Any, credentials: ClientCredentials) -> None:
    transport = scripted(token(1), REFUSED, token(2), REFUSED)
    http = Http("https://x.example", credentials, transport=transport, retries=QUICK)
    for _ in range(2):
        with pytest.raises(AuthError):
            http.get("/a")
    assert len(transport.asked) == 4


@pytest.mark.parametrize(
    "answer", [REFUSED, (400, {}, {"error": "invalid_client"}), (200, {}, {"token": "?"})]
)
def test_a_token_endpoint_that_gives_none_is_asked_once(
    scripted: Any, credentials: ClientCredentials, answer: Any
) -> None:
    transport = scripted(answer)
    with pytest.raises(AuthError) as caught:
        Http("https://x.example", credentials, transport=transport, retries=QUICK).get("/a")
    assert "hush" not in str(caught.value)
    assert len(transport.asked) == 1
