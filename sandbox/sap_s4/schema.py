"""The entity types: SAP's names, lengths, keys and read-only flags, as its $metadata says them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Entity:
    """One entity type: properties by name, as `type[:length]` with `!` for read-only; its navigations."""

    name: str
    key: tuple[str, ...]
    properties: dict[str, str]
    navigations: dict[str, str] = field(default_factory=dict)
    assigned: tuple[str, ...] = ()
    """Keys that SAP gives out itself."""

    def kind(self, name: str) -> str:
        return self.properties[name].rstrip("!").partition(":")[0]

    def length(self, name: str) -> int | None:
        length = self.properties[name].rstrip("!").partition(":")[2]
        return int(length) if length else None

    def read_only(self, name: str) -> bool:
        return self.properties[name].endswith("!")

    def initial(self, name: str) -> Any:
        return {"text": "", "flag": False, "decimal": Decimal(0)}.get(self.kind(name))


def _texts(**lengths: int) -> dict[str, str]:
    return {name: f"text:{length}" for name, length in lengths.items()}


_STAMPS = {
    "CreatedByUser": "text:12!",
    "CreationDate": "date!",
    "CreationTime": "time!",
    "LastChangedByUser": "text:12!",
    "LastChangeDate": "date!",
    "LastChangeTime": "time!",
}
_ADDRESS_PART = ("AddressID", "Person", "OrdinalNumber")

PARTNERS = {
    one.name: one
    for one in (
        Entity(
            "A_BusinessPartner",
            ("BusinessPartner",),
            {
                **_texts(
                    BusinessPartner=10, BusinessPartnerCategory=1, BusinessPartnerGrouping=4, AcademicTitle=4
                ),
                **_texts(FirstName=40, LastName=40, MiddleName=40, AdditionalLastName=40, FormOfAddress=4),
                **_texts(
                    OrganizationBPName1=40,
                    OrganizationBPName2=40,
                    OrganizationBPName3=40,
                    OrganizationBPName4=40,
                ),
                **_texts(
                    CorrespondenceLanguage=2, Language=2, SearchTerm1=20, SearchTerm2=20, IsNaturalPerson=1
                ),
                "BirthDate": "date",
                "BusinessPartnerIsBlocked": "flag",
                "IsMarkedForArchiving": "flag",
                "Customer": "text:10!",
                "Supplier": "text:10!",
                "BusinessPartnerFullName": "text:81!",
                "BusinessPartnerName": "text:81!",
                "ETag": "text:26!",
                **_STAMPS,
            },
            {
                "to_BusinessPartnerAddress": "A_BusinessPartnerAddress",
                "to_BuPaIdentification": "A_BuPaIdentification",
                "to_BusinessPartnerRole": "A_BusinessPartnerRole",
            },
        ),
        Entity(
            "A_BusinessPartnerAddress",
            ("BusinessPartner", "AddressID"),
            {
                **_texts(
                    BusinessPartner=10,
                    AddressID=10,
                    StreetName=60,
                    HouseNumber=10,
                    StreetPrefixName=40,
                    District=40,
                ),
                **_texts(
                    PostalCode=10,
                    CityName=40,
                    Region=3,
                    Country=3,
                    POBox=10,
                    CareOfName=40,
                    Language=2,
                    Person=10,
                ),
            },
            {
                "to_AddressUsage": "A_BuPaAddressUsage",
                "to_EmailAddress": "A_AddressEmailAddress",
                "to_PhoneNumber": "A_AddressPhoneNumber",
                "to_MobilePhoneNumber": "A_AddressPhoneNumber",
            },
            ("AddressID",),
        ),
        Entity(
            "A_BuPaAddressUsage",
            ("BusinessPartner", "ValidityEndDate", "AddressUsage", "AddressID"),
            {**_texts(BusinessPartner=10, AddressUsage=10, AddressID=10), "ValidityEndDate": "instant"},
            {},
            ("ValidityEndDate", "AddressID"),
        ),
        Entity(
            "A_AddressEmailAddress",
            _ADDRESS_PART,
            {
                **_texts(AddressID=10, Person=10, OrdinalNumber=3, EmailAddress=241),
                "IsDefaultEmailAddress": "flag",
                "SearchEmailAddress": "text:20!",
            },
            {},
            _ADDRESS_PART,
        ),
        Entity(
            "A_AddressPhoneNumber",
            _ADDRESS_PART,
            {
                **_texts(
                    AddressID=10, Person=10, OrdinalNumber=3, DestinationLocationCountry=3, PhoneNumber=30
                ),
                **_texts(PhoneNumberExtension=10, PhoneNumberType=1),
                "IsDefaultPhoneNumber": "flag",
                "InternationalPhoneNumber": "text:30!",
            },
            {},
            _ADDRESS_PART,
        ),
        Entity(
            "A_BusinessPartnerRole",
            ("BusinessPartner", "BusinessPartnerRole"),
            {
                **_texts(BusinessPartner=10, BusinessPartnerRole=6),
                "ValidFrom": "instant",
                "ValidTo": "instant",
            },
        ),
        Entity(
            "A_BuPaIdentification",
            ("BusinessPartner", "BPIdentificationType", "BPIdentificationNumber"),
            _texts(
                BusinessPartner=10, BPIdentificationType=6, BPIdentificationNumber=60, Country=3, Region=3
            ),
        ),
    )
}

ORDERS = {
    one.name: one
    for one in (
        Entity(
            "A_SalesOrder",
            ("SalesOrder",),
            {
                **_texts(SalesOrder=10, SalesOrderType=4, SalesOrganization=4, DistributionChannel=2),
                **_texts(
                    OrganizationDivision=2, SoldToParty=10, PurchaseOrderByCustomer=35, TransactionCurrency=5
                ),
                **_texts(CustomerPaymentTerms=4, DeliveryBlockReason=2),
                "SalesOrderDate": "date",
                "RequestedDeliveryDate": "date",
                "TotalNetAmount": "decimal!",
                "OverallSDProcessStatus": "text:1!",
                "OverallTotalDeliveryStatus": "text:1!",
                "CreatedByUser": "text:12!",
                "CreationDate": "date!",
                "LastChangeDate": "date!",
                "LastChangeDateTime": "instant!",
            },
            {"to_Item": "A_SalesOrderItem", "to_Partner": "A_SalesOrderHeaderPartner"},
            ("SalesOrder",),
        ),
        Entity(
            "A_SalesOrderItem",
            ("SalesOrder", "SalesOrderItem"),
            {
                **_texts(
                    SalesOrder=10,
                    SalesOrderItem=6,
                    Material=40,
                    SalesOrderItemText=40,
                    RequestedQuantityUnit=3,
                ),
                **_texts(SalesDocumentRjcnReason=2),
                "RequestedQuantity": "decimal",
                "NetAmount": "decimal!",
            },
            {},
            ("SalesOrder", "SalesOrderItem"),
        ),
        Entity(
            "A_SalesOrderHeaderPartner",
            ("SalesOrder", "PartnerFunction"),
            _texts(SalesOrder=10, PartnerFunction=2, Customer=10, ContactPerson=10),
        ),
    )
}
