from types import SimpleNamespace

import pytest

from crossroads import form
from crossroads.engine import System
from crossroads.errors import ConfigError

SETTINGS = [
    {"base_url": "http://127.0.0.1:1", "user": "sync", "password": "secret"},
    {"base_url": "https://shop.test", "access_token": "t", "location": 7, "sandbox": True},
    {"client_id": "c", "client_secret": "s", "login_url": "https://login.test"},
]


def _connection(**fields: object) -> SimpleNamespace:
    import json

    said = {"host": None, "login": None, "password": None, "extra": "{}"} | fields
    return SimpleNamespace(**said, extra_dejson=json.loads(str(said["extra"])))


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("overlay", [None, "erp"])
def test_settings_written_into_a_connection_are_read_back(
    settings: dict[str, object], overlay: str | None
) -> None:
    connection = _connection(**form.fields("acme", settings, overlay))
    assert form.settings("shop", connection) == System("acme", settings, overlay)


def test_a_field_left_empty_in_the_form_is_no_setting() -> None:
    connection = _connection(
        conn_type="crossroads_acme", host="", extra='{"token": "", "size": 0, "overlay": ""}'
    )
    assert form.settings("shop", connection) == System("acme", {"size": 0}, None)


def test_a_connection_of_another_type_is_named_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"'erp' is of type 'http'.*crossroads_<system>"):
        form.settings("erp", _connection(conn_type="http"))
