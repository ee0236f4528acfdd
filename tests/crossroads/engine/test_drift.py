"""What a source does not send any more, or says in another type, clears nothing in other systems."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from crossroads.mapping import load
from crossroads.testkit.memory import Memory

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
