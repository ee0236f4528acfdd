"""What the systems show, asked over plain HTTP, in the words of the truth; no connector, no mapping."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import phonenumbers
import requests

Reading: TypeAlias = dict[str, dict[str, str]]
"""Record key -> field -> what it means, written in one way; a field that says nothing is left out."""

TIMEOUT = 60
_ODATA = "/sap/opu/odata/sap"
SALESFORCE = "/services/data/v67.0"
_SHOPIFY = "/admin/api/2026-10/graphql.json"
_CONTACTS = (
    "SELECT Id, FirstName, LastName, Email, MobilePhone, MailingStreet, MailingPostalCode, MailingCity, "
    "MailingCountryCode, ERP_Number__c, Mastodon_Handle__c FROM Contact ORDER BY Id"
)
_CUSTOMERS = """query ($after: String) { customers(first: 100, after: $after) {
  nodes { id locale firstName lastName defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber }
          defaultAddress { address1 zip city countryCodeV2 } }
  pageInfo { hasNextPage endCursor } } }"""


def erp(system: Mapping[str, Any]) -> Reading:
    """Return the business partners."""
    found: Reading = {}
    for row in odata(system, "API_BUSINESS_PARTNER_SRV/A_BusinessPartner?$expand=to_BusinessPartnerAddress"):
        addresses = row["to_BusinessPartnerAddress"]["results"]
        at = addresses[0] if addresses else {}
        street = f"{at.get('StreetName') or ''} {at.get('HouseNumber') or ''}"
        place = (street, at.get("PostalCode"), at.get("CityName"), at.get("Country"))
        names = (row["FirstName"], row["LastName"])
        said = _meaning(*names, at.get("EmailAddress"), at.get("PhoneNumber"), place)
        found[plain_key(row["BusinessPartner"])] = said | _language(at.get("Language"))
    return found


def odata(system: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    """Return the rows of an OData query of the ERP."""
    settings = system["settings"]
    joint = "&" if "?" in path else "?"
    answer = requests.get(
        f"{settings['base_url']}{_ODATA}/{path}{joint}$format=json",
        auth=(settings["user"], settings["password"]),
        timeout=TIMEOUT,
    )
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["d"]["results"]
    return rows


def crm(system: Mapping[str, Any]) -> Reading:
    """Return the contacts."""
    found: Reading = {}
    for row in soql(system, _CONTACTS):
        place = tuple(row[f"Mailing{part}"] for part in ("Street", "PostalCode", "City", "CountryCode"))
        said = _meaning(row["FirstName"], row["LastName"], row["Email"], row["MobilePhone"], place)
        if row["ERP_Number__c"]:
            said["erp_number"] = plain_key(row["ERP_Number__c"])
        if row["Mastodon_Handle__c"]:
            said["handle"] = row["Mastodon_Handle__c"].removeprefix("@").casefold()
        found[row["Id"]] = said
    return found


def soql(system: Mapping[str, Any], query: str) -> list[dict[str, Any]]:
    """Return the rows of a query of the CRM."""
    base, headers = system["settings"]["base_url"], signed_in(system)
    url, parameters, rows = f"{base}{SALESFORCE}/query", {"q": query}, list[dict[str, Any]]()
    while url:
        answer = requests.get(url, params=parameters, headers=headers, timeout=TIMEOUT)
        answer.raise_for_status()
        page, parameters = answer.json(), {}
        rows += page["records"]
        url = base + page["nextRecordsUrl"] if page.get("nextRecordsUrl") else ""
    return rows


def signed_in(system: Mapping[str, Any]) -> dict[str, str]:
    """Return the header of a client that signed in to the CRM."""
    settings = system["settings"]
    form = {name: settings[name] for name in ("client_id", "client_secret")}
    form["grant_type"] = "client_credentials"
    answer = requests.post(f"{settings['base_url']}/services/oauth2/token", data=form, timeout=TIMEOUT)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def shop(system: Mapping[str, Any]) -> Reading:
    """Return the shop's customers."""
    found: Reading = {}
    after: str | None = None
    while True:
        page = graphql(system, _CUSTOMERS, {"after": after})["customers"]
        for node in page["nodes"]:
            at = node["defaultAddress"] or {}
            place = tuple(at.get(part) for part in ("address1", "zip", "city", "countryCodeV2"))
            email = (node["defaultEmailAddress"] or {}).get("emailAddress")
            phone = (node["defaultPhoneNumber"] or {}).get("phoneNumber")
            names = (node["firstName"], node["lastName"])
            found[plain_key(node["id"])] = _meaning(*names, email, phone, place) | _language(node["locale"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def graphql(system: Mapping[str, Any], query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a GraphQL request to the shop."""
    settings = system["settings"]
    answer = requests.post(
        settings["base_url"] + _SHOPIFY,
        json={"query": query, "variables": variables},
        headers={"X-Shopify-Access-Token": settings["token"]},
        timeout=TIMEOUT,
    )
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    if body.get("errors"):
        raise RuntimeError("the shop refused the checker's query")
    data: dict[str, Any] = body["data"]
    return data


READERS: dict[str, Callable[[Mapping[str, Any]], Reading]] = {"erp": erp, "crm": crm, "shop": shop}


def plain_key(key: str) -> str:
    """Return a key as the truth writes it: without the path of a `gid://` and without leading zeros.

    >>> plain_key("gid://shopify/Customer/17"), plain_key("0002000017"), plain_key("0035g0000001")
    ('17', '2000017', '0035g0000001')
    """
    short = key.rpartition("/")[2]
    return short.lstrip("0") if short.isdigit() else short


def meaning(field: str, value: str, country: str | None = None) -> str:
    """Return what a value means, written in one way: telephones in E.164, e-mails in small letters."""
    text = " ".join(value.split())
    if field == "email":
        return text.casefold()
    if field == "mobile":
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            return text
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return text


def _language(code: str | None) -> dict[str, str]:
    return {"language": code.partition("-")[0].casefold()} if code else {}


def _meaning(given: Any, family: Any, email: Any, mobile: Any, place: tuple[Any, ...]) -> dict[str, str]:
    parts = [" ".join((part or "").split()) for part in place]
    said = {
        "given_name": given,
        "family_name": family,
        "email": email,
        "mobile": mobile,
        "address": "|".join(parts) if any(parts) else None,
    }
    return {name: meaning(name, value, parts[-1] or None) for name, value in said.items() if value}
