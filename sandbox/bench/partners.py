"""Full business partners of at least 2 kB each, as S/4 sends them, in any number and in two generations."""

from random import Random
from typing import NamedTuple

import orjson

from sandbox.identity.world import Place, World

_WORLD = World(Random(0))


class Human(NamedTuple):
    """Somebody as frequent names, streets and cities make them: names are what people are compared by."""

    given: str
    family: str
    place: Place


def human(number: int) -> Human:
    """Return the n-th person, always the same."""
    random = Random(number)
    _WORLD.random = random
    names = _WORLD.names["DE"]
    return Human(names.female.draw(random), names.family.draw(random), _WORLD.place("DE"))


def key(number: int) -> str:
    """Return the key of the n-th partner; text order is number order."""
    return str(1_000_000_000 + number)


def partner(number: int, generation: int) -> dict[str, object]:
    """Return the n-th partner; another generation has another title and line of its address, the same identity."""
    own = key(number)
    given, family, place = human(number)
    root = f"https://s4.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner('{own}')"
    address = {
        "__metadata": {"uri": f"{root}/address", "type": "API_BUSINESS_PARTNER.A_BusinessPartnerAddressType"},
        "BusinessPartner": own, "AddressID": str(number), "ValidityStartDate": "/Date(1577836800000)/",
        "AddressTimeZone": "CET", "CareOfName": "", "CityName": place.city, "Country": "DE", "District": "", "HouseNumber": place.house,
        "PostalCode": place.postcode, "Region": "NW", "StreetName": f"{place.stem}straße", "StreetPrefixName": f"Haus {generation}",
        "Language": "DE", "TransportZone": "", "POBox": "",
        "to_AddressUsage": {"results": [{"AddressUsage": "XXDEFAULT", "AddressID": str(number), "BusinessPartner": own}]},
        "to_EmailAddress": {"results": [{"AddressID": str(number), "Person": "1", "OrdinalNumber": "1", "IsDefaultEmailAddress": True,
                                         "EmailAddress": f"p{number}@mail.example.com", "SearchEmailAddress": f"P{number}@MAIL.EXAMPLE.COM"}]},
        "to_PhoneNumber": {"results": [{"AddressID": str(number), "Person": "1", "OrdinalNumber": "1", "IsDefaultPhoneNumber": True,
                                        "DestinationLocationCountry": "DE", "PhoneNumber": f"228{number:07d}", "PhoneNumberType": "1"}]},
        "to_MobilePhoneNumber": {"results": [{"AddressID": str(number), "Person": "1", "OrdinalNumber": "2",
                                              "DestinationLocationCountry": "DE", "PhoneNumber": f"151{number:08d}", "PhoneNumberType": "3"}]},
    }  # fmt: skip
    return {
        "__metadata": {"id": root, "uri": root, "type": "API_BUSINESS_PARTNER.A_BusinessPartnerType"},
        "BusinessPartner": own, "Customer": own, "Supplier": "", "AcademicTitle": "", "AuthorizationGroup": "", "BusinessPartnerCategory": "1",
        "BusinessPartnerFullName": f"{given} {family}", "BusinessPartnerGrouping": "BPEE", "BusinessPartnerName": f"{given} {family}",
        "BusinessPartnerUUID": f"00163e1c-0000-1ed8-0000-{number:012d}", "CorrespondenceLanguage": "DE", "CreatedByUser": "CB9980000010",
        "CreationDate": "/Date(1577836800000)/", "CreationTime": "PT08H15M00S", "FirstName": given, "LastName": family,
        "AdditionalLastName": "", "FormOfAddress": "0001" if generation % 2 else "0002", "Industry": "", "IsFemale": True, "IsMale": False,
        "BirthDate": None, "Language": "DE", "LastChangeDate": f"/Date({1767225600000 + generation * 86400000})/",
        "LastChangeTime": "PT10H00M00S", "LastChangedByUser": "CB9980000010", "BusinessPartnerIsBlocked": False, "IsMarkedForArchiving": False,
        "OrganizationBPName1": "", "OrganizationBPName2": "", "OrganizationBPName3": "", "OrganizationBPName4": "",
        "SearchTerm1": family.upper(), "SearchTerm2": "", "ETag": f"{generation}",
        "to_BuPaIdentification": {"results": []},
        "to_BusinessPartnerRole": {"results": [{"BusinessPartner": own, "BusinessPartnerRole": role} for role in ("FLCU00", "FLCU01")]},
        "to_BusinessPartnerAddress": {"results": [address]},
    }  # fmt: skip


def page(first: int, size: int, total: int, generation: int) -> bytes:
    """Return one page of partners as the OData V2 answer."""
    rows = [partner(number, generation) for number in range(first, min(first + size, total))]
    return orjson.dumps({"d": {"results": rows}})
