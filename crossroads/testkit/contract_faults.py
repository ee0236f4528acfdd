"""What a connector does when its system fails: stop, wait or complain, and never tell a secret."""

import traceback
from abc import abstractmethod
from typing import Any

import pytest
from pydantic import SecretStr
from requests import PreparedRequest

from crossroads.connector import Connector
from crossroads.errors import AuthError, ConfigError, CrossroadsError, Unavailable
from crossroads.records import State
from crossroads.testkit.contract_reading import readable
from crossroads.testkit.faults import RETRY_AFTER, FaultyTransport


class FaultTests:
    """Failures every connector must sort rightly."""

    @abstractmethod
    def signs_in(self, request: PreparedRequest) -> bool:
        """Tell whether a request asks the token endpoint."""

    def test_refused_credentials_are_tried_once(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """Repeated tries lock users; a token may be renewed once."""
        transport.fail("unauthorized", times=99, when=lambda request: not self.signs_in(request))
        with pytest.raises(AuthError):
            connector.check()
        allowed = 1 if getattr(self, "sign_in_path", None) is None else 2
        asked = [one for one in transport.seen if one[1] != getattr(self, "sign_in_path", None)]
        assert len(asked) == allowed
        before = len(transport.seen)
        with pytest.raises(AuthError):
            connector.check()
        assert len(transport.seen) == before

    def test_a_system_that_asks_us_to_wait_is_unavailable_for_that_long(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """429 with Retry-After reaches the engine as it was said."""
        transport.fail("throttled", times=99, when=lambda request: not self.signs_in(request))
        with pytest.raises(Unavailable) as caught:
            self._listing(connector)
        assert caught.value.retry_after == RETRY_AFTER

    def test_an_unreachable_system_is_unavailable(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """No connection is a matter of time, not of the record."""
        transport.fail("unreachable", times=99)
        with pytest.raises(Unavailable):
            self._listing(connector)

    def test_a_log_in_page_is_a_clear_error(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """HTML with status 200 says what came instead of JSON."""
        transport.fail("html", times=99, when=lambda request: not self.signs_in(request))
        with pytest.raises(ConfigError, match="text/html"):
            self._listing(connector)

    def test_a_truncated_page_is_an_error_and_no_short_list(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """Half a page must not look like the end of a list."""
        transport.fail("truncated", times=99, when=lambda request: not self.signs_in(request))
        with pytest.raises(CrossroadsError):
            self._listing(connector)

    @pytest.mark.parametrize(
        "fault", ["unreachable", "lost", "dropped", "html", "unauthorized", "forbidden", "busy"]
    )
    def test_no_error_tells_a_secret(
        self, connector: Connector[Any], transport: FaultyTransport, fault: Any
    ) -> None:
        """Neither its message nor its traceback."""
        transport.fail(fault, times=99)
        with pytest.raises(CrossroadsError) as caught:
            connector.check()
        told = (
            "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(connector.settings)
        )
        for name in type(connector.settings).model_fields:
            value = getattr(connector.settings, name)
            if isinstance(value, SecretStr):
                assert value.get_secret_value() not in told, name

    def _listing(self, connector: Connector[Any]) -> None:
        for _ in connector.read(readable(connector)[0], State()):
            pass
