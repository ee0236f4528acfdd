"""An instance that asks us to wait says until when."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from connectors.mastodon.dialect import MastodonDialect, until
from crossroads import registry
from crossroads.connector import Connector
from crossroads.errors import ConfigError, Unavailable
from crossroads.protocols.answers import Answer
from crossroads.records import State


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-22T10:05:00.000000Z", 300.0),
        ("2026-11-22T11:05:00+01:00", 300.0),
        ("1795341900", 300.0),
        ("2026-11-22T09:00:00Z", 0.0),
        ("soon", None),
        ("²", None),
        ("0001-01-01T00:00:00", None),
        ("", None),
    ],
)
def test_the_end_of_a_limit_is_read_as_instances_write_it(text: str, seconds: float | None) -> None:
    assert until(text, 1795341600.0) == seconds


@pytest.mark.parametrize("skew", [-3600, 0, 3600], ids=["behind", "right", "ahead"])
def test_the_end_of_a_limit_is_of_the_instances_clock(skew: int) -> None:
    there = datetime.now(UTC) + timedelta(seconds=skew)
    ends = (there + timedelta(seconds=60)).isoformat()
    headers = {"Date": format_datetime(there, usegmt=True), "X-RateLimit-Reset": ends}
    spent = Answer(200, {**headers, "X-RateLimit-Remaining": "0"}, [])
    assert MastodonDialect().wait(Answer(429, headers, {})) == pytest.approx(60, abs=1)
    assert MastodonDialect().spent(spent) == pytest.approx(60, abs=1)


def test_a_refused_field_is_named_by_its_code() -> None:
    body = {"error": "Validation failed: secret", "details": {"status": [{"error": "ERR_BLANK"}]}}
    assert MastodonDialect().reasons(Answer(422, {}, body)) == ["ERR_BLANK at status"]
    (told,) = MastodonDialect().reasons(Answer(422, {}, {"error": "Validation failed: secret"}))
    assert "secret" not in told


class WithoutMinId(HTTPAdapter):
    """A server that does not know `min_id`."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        request.url = re.sub(r"&min_id=\d+", "", str(request.url))
        return super().send(request, *args, **kwargs)


def test_an_instance_that_ignores_min_id_is_noticed(instance: Any) -> None:
    settings = {"base_url": instance.url, "token": "shop-token"}
    opened = registry.open("mastodon", settings, transport=WithoutMinId())
    with opened as social, pytest.raises(ConfigError, match="min_id"):
        list(social.read(social.streams["mentions"], State()))


def test_a_used_up_limit_is_waited_for_until_its_end(social: Connector[Any], instance: Any) -> None:
    ends = (datetime.now(UTC) + timedelta(seconds=90)).isoformat().replace("+00:00", "Z")
    # Both headers come; the instance's own says it better than the general one (300 seconds here).
    effect = {"type": "ratelimit", "headers": {"X-RateLimit-Reset": ends}}
    fault = {"match": {"path": "/api/v1/notifications"}, "effect": effect, "count": 1}
    instance.call("shop", "POST", "/api/v1/_mock/faults", json=fault)
    with pytest.raises(Unavailable) as caught:
        list(social.read(social.streams["mentions"], State()))
    assert caught.value.retry_after is not None
    assert 80 < caught.value.retry_after <= 91  # its `Date` knows whole seconds only
