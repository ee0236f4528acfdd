"""What a source does not send any more, or says in another type, or what no mapping reads any more, clears nothing elsewhere."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine.asserting import APART, Word, say
from crossroads.engine.replay import replay
from crossroads.mapping import load
from crossroads.testkit.memory import Memory

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
PARTNER: dict[str, Any] = {
    "BusinessPartner": "1",
    "BusinessPartnerCategory": "1",
    "FirstName": "Ann",
    "LastName": "Lee",
    "LastChangeDate": "/Date(1767225600000)/",
    "LastChangeTime": "PT10H00M00S",
    "to_BusinessPartnerAddress": [
        {
            "AddressID": "22",
            "StreetName": "Main",
            "HouseNumber": "1",
            "CityName": "Bonn",
            "Country": "DE",
            "to_EmailAddress": [{"IsDefaultEmailAddress": True, "EmailAddress": "ann@lee.example"}],
            "to_MobilePhoneNumber": [
                {
                    "PhoneNumberType": "3",
                    "PhoneNumber": "01511 2345678",
                    "DestinationLocationCountry": "DE",
                }
            ],
        }
    ],
}
TOLD = ("street", "city", "mail", "mobile")
DRIFT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no house number": lambda address: address.pop("HouseNumber"),
    "no street": lambda address: address.pop("StreetName"),
    "no default flag": lambda address: address["to_EmailAddress"][0].pop("IsDefaultEmailAddress"),
    "the flag a text": lambda address: address["to_EmailAddress"][0].update(IsDefaultEmailAddress="true"),
    "no type of telephone": lambda address: address["to_MobilePhoneNumber"][0].pop("PhoneNumberType"),
    "the type a number": lambda address: address["to_MobilePhoneNumber"][0].update(PhoneNumberType=3),
}


@pytest.mark.parametrize("how", DRIFT)
def test_a_field_that_is_not_sent_any_more_or_is_of_another_type_clears_nothing_elsewhere(
    world: Callable[..., Any], customer_plan: Any, how: str
) -> None:
    w = world([customer_plan("erp", "crm", erp={"create": "never"})], erp=Memory(), crm=Memory())
    w.ws.lenses["erp", "people"] = load("sap_s4", "customer")
    w.systems["erp"].put("people", "1", **PARTNER)
    w.sync()
    before = {name: w.systems["crm"].value("people", "people-1", name) for name in TOLD}
    assert all(before.values())
    addresses = deepcopy(PARTNER["to_BusinessPartnerAddress"])
    DRIFT[how](addresses[0])
    w.systems["erp"].put("people", "1", to_BusinessPartnerAddress=addresses, LastChangeTime="PT11H00M00S")
    w.sync()
    w.sync()
    assert {name: w.systems["crm"].value("people", "people-1", name) for name in TOLD} == before


CITY = "addresses.main.locality"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": JAN}


def without_city(w: Any, lens: Any, *names: str) -> None:
    for name in names:
        w.ws.lenses[name, "people"] = lens(name, "customer", **{CITY: None})


@pytest.fixture
def told(world: Callable[..., Any], customer_plan: Any) -> Any:
    """Ann lives in Bonn, as the ERP says; the CRM knows her, and where she lives from us."""
    w = world(
        [customer_plan("erp", "crm", "shop", create="never")], erp=Memory(), crm=Memory(), shop=Memory()
    )
    w.systems["erp"].put("people", "1", **ANN, city="Bonn")
    w.systems["crm"].put("people", "1", **ANN)
    w.sync()
    assert city(w) == "Bonn"
    return w


def city(w: Any) -> Any:
    return w.systems["crm"].value("people", "1", "city")


@pytest.mark.parametrize("how", ["sync", "replay"])
def test_a_line_that_is_taken_out_of_a_mapping_clears_nothing_elsewhere(
    told: Any, lens: Any, how: str
) -> None:
    without_city(told, lens, "erp")
    if how == "replay":
        replay(told.ws, "erp", "people")
    told.sync()
    told.sync(full=True)
    (profile,) = told.rows("Profile")
    assert CITY not in json.loads(profile["document"]), "it is nobody's word any more"
    assert city(told) == "Bonn"
    writes = told.writes()
    told.systems["erp"].put("people", "1", family="Berg")
    told.sync()
    assert (city(told), told.writes() - writes) == ("Bonn", 1)
    assert engine.reconcile(told.ws, told.plans[0]).agrees is True
    told.systems["shop"].put("people", "1", **ANN | {"changed": FEB}, city="Ulm")
    told.sync()
    assert city(told) == "Ulm", "whoever says it now is heard"


def test_a_line_that_comes_back_speaks_again(told: Any, lens: Any) -> None:
    without_city(told, lens, "erp")
    told.sync()
    told.ws.lenses["erp", "people"] = lens("erp", "customer")
    told.sync()
    told.systems["erp"].put("people", "1", city=None)
    told.sync()
    assert city(told) is None, "now somebody cleared it"


def test_a_value_of_somebody_else_does_not_stay_though_its_line_is_gone(told: Any, lens: Any) -> None:
    without_city(told, lens, "erp")
    told.sync()
    say(told.ws, Word("crm/people/1", "erp/people/1", APART, "Kim", "two people"))
    told.sync()
    assert city(told) is None


def test_a_value_of_somebody_else_does_not_stay_because_another_line_is_gone(told: Any, lens: Any) -> None:
    told.ws.plans[0].between[0].__dict__["write"] = False
    told.systems["shop"].put("people", "1", **ANN | {"changed": FEB}, city="Ulm")
    told.sync()
    assert city(told) == "Ulm"
    without_city(told, lens, "erp")
    told.sync()
    say(told.ws, Word("crm/people/1", "shop/people/1", APART, "Kim", "two people"))
    say(told.ws, Word("erp/people/1", "shop/people/1", APART, "Kim", "two people"))
    told.sync()
    assert city(told) is None


def test_a_record_that_joins_later_finds_what_was_left(told: Any, lens: Any) -> None:
    without_city(told, lens, "erp")
    told.sync()
    told.systems["shop"].put("people", "0", **ANN)
    told.sync()
    assert len(told.who()) == 1
    assert city(told) == "Bonn"
