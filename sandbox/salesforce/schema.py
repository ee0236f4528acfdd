"""The objects this org has: their fields, types and lengths, as `describe` would say them."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "string", "textarea", "email", "phone", "date", "datetime", "boolean", "picklist", "reference", "id"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object; `values` are those of a restricted picklist, `refers` names an object."""

    kind: Kind = "string"
    length: int = 0
    create: bool = True
    update: bool = True
    required: bool = False
    external_id: bool = False
    values: tuple[str, ...] = ()
    default: str | bool | None = None
    refers: str | None = None


@dataclass(frozen=True, slots=True)
class Object:
    """One kind of record: its key prefix (the first three characters of an id) and its fields."""

    name: str
    prefix: str
    collection: str
    fields: dict[str, Field]


SYSTEM = {
    "Id": Field("id", 18, create=False, update=False),
    "IsDeleted": Field("boolean", create=False, update=False, default=False),
    "CreatedDate": Field("datetime", create=False, update=False),
    "LastModifiedDate": Field("datetime", create=False, update=False),
    "SystemModstamp": Field("datetime", create=False, update=False),
}

CONTACT = Object(
    "Contact",
    "003",
    "contacts",
    SYSTEM
    | {
        "Name": Field(length=121, create=False, update=False),
        "Salutation": Field("picklist", 40),
        "FirstName": Field(length=40),
        "LastName": Field(length=80, required=True),
        "Email": Field("email", 80),
        "Phone": Field("phone", 40),
        "MobilePhone": Field("phone", 40),
        "MailingStreet": Field("textarea", 255),
        "MailingCity": Field(length=40),
        "MailingState": Field(length=80, create=False, update=False),
        "MailingStateCode": Field("picklist", 10),
        "MailingPostalCode": Field(length=20),
        "MailingCountry": Field(length=80, create=False, update=False),
        "MailingCountryCode": Field("picklist", 10),
        "Birthdate": Field("date"),
        "Title": Field(length=128),
        "Department": Field(length=80),
        "Description": Field("textarea", 32000),
        "Crossroads_Id__c": Field(length=100, external_id=True),
        "ERP_Number__c": Field(length=20),
        "Mastodon_Handle__c": Field(length=255),
    },
)

CASE = Object(
    "Case",
    "500",
    "cases",
    SYSTEM
    | {
        "CaseNumber": Field(length=30, create=False, update=False),
        "ContactId": Field("reference", 18, refers="Contact"),
        "SuppliedName": Field(length=80),
        "SuppliedEmail": Field("email", 80),
        "Subject": Field(length=255),
        "Description": Field("textarea", 32000),
        "Status": Field("picklist", 40, values=("New", "Working", "Escalated", "Closed"), default="New"),
        "Priority": Field("picklist", 40, values=("High", "Medium", "Low"), default="Medium"),
        "Origin": Field("picklist", 40),
        "IsClosed": Field("boolean", create=False, update=False, default=False),
        "ClosedDate": Field("datetime", create=False, update=False),
        "Crossroads_Id__c": Field(length=100, external_id=True),
        "Crossroads_Url__c": Field(length=255),
    },
)

CASE_COMMENT = Object(
    "CaseComment",
    "00a",
    "case_comments",
    SYSTEM
    | {
        "ParentId": Field("reference", 18, update=False, required=True, refers="Case"),
        "CommentBody": Field("textarea", 4000),
        "IsPublished": Field("boolean", default=False),
    },
)

OBJECTS = {each.name: each for each in (CONTACT, CASE, CASE_COMMENT)}
