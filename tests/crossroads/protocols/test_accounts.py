"""Who shares a budget: the connections whose calls a system counts together."""

from typing import Any

import pytest

from crossroads import registry
from crossroads.errors import ConfigError
from crossroads.manifest import Manifest
from crossroads.protocols import accounts

SAP = {"base_url": "https://S4.example/", "user": "CROSSROADS", "password": "secret"}
SHOP = {"base_url": "https://shop.example", "token": "shpat_1"}
CRM = {"base_url": "https://crm.example", "client_id": "one", "client_secret": "s"}


def account(system: str, settings: dict[str, Any]) -> str:
    found = registry.load(system)
    return accounts.account(found.manifest, found.connector.settings_model(**settings))


@pytest.mark.parametrize(
    ("system", "settings", "changed", "shared"),
    [
        ("sap_s4", SAP, {"password": "renewed"}, True),
        ("sap_s4", SAP, {"base_url": "https://s4.example", "language": "DE", "client": "200"}, True),
        ("sap_s4", SAP, {"user": "OTHER"}, False),
        ("sap_s4", SAP, {"base_url": "https://test.example"}, False),
        ("shopify", SHOP, {"api_version": "2026-07"}, True),
        ("shopify", SHOP, {"token": "shpat_2"}, False),
        ("salesforce", CRM, {"client_id": "two"}, True),
    ],
)
def test_one_budget_per_system_and_credential(
    system: str, settings: dict[str, Any], changed: dict[str, Any], shared: bool
) -> None:
    assert (account(system, settings) == account(system, settings | changed)) is shared


@pytest.mark.parametrize(("system", "settings"), [("sap_s4", SAP), ("shopify", SHOP), ("salesforce", CRM)])
def test_a_budgets_name_and_title_tell_no_secret_and_no_user(system: str, settings: dict[str, Any]) -> None:
    found = registry.load(system)
    told = found.connector.settings_model(**settings)
    said = accounts.account(found.manifest, told) + accounts.title(found.manifest, told)
    assert not [v for name, v in settings.items() if name != "base_url" and len(v) > 2 and v in said]


def test_a_limit_may_be_a_setting(tmp_path: Any) -> None:
    settings = {"base_url": "https://forum.example", "api_key": "k", "calls_per_minute": 7}
    forum = registry.open("discourse", settings, calls=f"sqlite:///{tmp_path / 'calls.db'}")
    (rate,) = forum.http._budget._rates  # type: ignore[attr-defined]
    assert (rate.limit, rate.window) == (7, 61)
    forum.close()


@pytest.mark.parametrize("limits", [{"per_minute": "calls"}, {"per": ["tenant"]}, {"per_minute": 0}])
def test_limits_name_settings_that_are_there(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="limits"):
        Manifest.model_validate(
            {
                "name": "x", "title": "X", "category": "crm", "protocol": "rest", "owner": "o", "quality": "bronze",
                "settings": {"base_url": {"type": "url", "help": "h"}}, "limits": limits, "streams": {},
            }
        )  # fmt: skip


def test_a_connectors_own_refusal_of_settings_stays_as_it_is() -> None:
    with pytest.raises(ConfigError, match="Settings of shopify"):
        registry.open("shopify", {"base_url": "https://shop.example"})
