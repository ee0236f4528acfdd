"""The small Salesforce refuses what an org refuses, and counts what it saves."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.salesforce import ids
from sandbox.salesforce.app import CLIENT_ID, CLIENT_SECRET, SCRIPT_ID, create
from sandbox.salesforce.limits import Limits
from sandbox.serve import running

ROOT = "/services/data/v67.0"


@pytest.fixture(scope="module")
def org() -> Iterator[str]:
    contacts = [{"LastName": f"Person {n}", "Email": f"p{n}@example.com"} for n in range(3)]
    with running(create({"contacts": contacts}, Limits(rows_per_write=3))) as url:
        yield url


def signed_in(org: str, client: str = CLIENT_ID) -> requests.Session:
    session = requests.Session()
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": CLIENT_SECRET}
    token = session.post(f"{org}/services/oauth2/token", data=form).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


@pytest.fixture
def session(org: str) -> Iterator[requests.Session]:
    with signed_in(org) as session:
        yield session


def upsert(session: requests.Session, org: str, *rows: dict[str, Any]) -> Any:
    records = [{"attributes": {"type": "Contact"}, **row} for row in rows]
    path = f"{org}{ROOT}/composite/sobjects/Contact/Crossroads_Id__c"
    return session.patch(path, json={"allOrNone": False, "records": records}).json()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Shoe__c FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Person", "INVALID_TYPE"),
        ("SELECT Id FRM Contact", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a' extra", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE SystemModstamp > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Description = 'long'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Id = 'short'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_a_query_it_does_not_understand_is_refused(
    session: requests.Session, org: str, query: str, code: str
) -> None:
    answer = session.get(f"{org}{ROOT}/query", params={"q": query})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("LastName = 'PERSON 1'", 1),
        ("LastName != 'Person 1'", 2),
        ("Email IN ('p0@example.com', 'P2@EXAMPLE.COM')", 2),
        ("Phone = null AND (LastName = 'Person 1' OR LastName = 'Person 2')", 2),
        ("SystemModstamp < 2001-01-01T00:00:00Z", 0),
    ],
)
def test_conditions_are_read_as_the_vendor_reads_them(
    session: requests.Session, org: str, condition: str, count: int
) -> None:
    query = f"SELECT Id FROM Contact WHERE {condition}"
    answer = session.get(f"{org}{ROOT}/query", params={"q": query}).json()
    seeded = [row for row in answer["records"] if row["Id"] <= ids.made("003", 3)]
    assert len(seeded) == count


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"FirstName": "Ana"}, "REQUIRED_FIELD_MISSING"),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
        ({"LastName": "Moreno", "Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"LastName": "Moreno", "Shoe__c": "42"}, "INVALID_FIELD"),
        ({"LastName": "Moreno", "Name": "Ana Moreno"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"LastName": "Moreno", "MailingCountryCode": "XX"}, "FIELD_INTEGRITY_EXCEPTION"),
        (
            {"LastName": "Moreno", "MailingCountryCode": "US", "MailingStateCode": "ZZ"},
            "FIELD_INTEGRITY_EXCEPTION",
        ),
        ({"LastName": "Moreno", "Birthdate": "31.12.1980"}, "JSON_PARSER_ERROR"),
        ({"LastName": "Moreno", "Id": "0035g0000000001AAA"}, "INVALID_FIELD"),
    ],
)
def test_a_row_an_org_would_refuse_is_refused(
    session: requests.Session, org: str, row: dict[str, Any], code: str
) -> None:
    (result,) = upsert(session, org, {**row, "Crossroads_Id__c": "refused"})
    assert not result["success"]
    assert result["errors"][0]["statusCode"] == code


def test_an_external_id_makes_a_second_create_an_update(session: requests.Session, org: str) -> None:
    row = {"LastName": "Moreno", "Crossroads_Id__c": "once"}
    first, second = upsert(session, org, row)[0], upsert(session, org, row)[0]
    assert (first["created"], second["created"]) == (True, False)
    assert first["id"] == second["id"]


def test_an_external_id_twice_in_one_call_is_refused_the_second_time(
    session: requests.Session, org: str
) -> None:
    row = {"LastName": "Moreno", "Crossroads_Id__c": "twins"}
    assert [one["success"] for one in upsert(session, org, row, row)] == [True, False]


def test_too_many_rows_are_refused_as_a_whole(session: requests.Session, org: str) -> None:
    (error,) = upsert(session, org, *[{"LastName": "Moreno"}] * 4)
    assert "errorCode" in error


def test_fifteen_characters_name_the_same_record_as_eighteen(session: requests.Session, org: str) -> None:
    key = ids.made("003", 1)
    rows = [{"attributes": {"type": "Contact"}, "Id": key[:15], "FirstName": "Ana"}]
    (result,) = session.patch(f"{org}{ROOT}/composite/sobjects", json={"records": rows}).json()
    assert result["id"] == key


def test_what_scripts_change_is_not_counted(org: str) -> None:
    before = requests.get(f"{org}/_sandbox/writes", timeout=5).json()
    with signed_in(org, SCRIPT_ID) as script:
        upsert(script, org, {"LastName": "Moreno", "Crossroads_Id__c": "by-a-script"})
    with signed_in(org) as session:
        assert requests.get(f"{org}/_sandbox/writes", timeout=5).json() == before
        upsert(session, org, {"LastName": "Moreno", "Crossroads_Id__c": "by-us"})
    assert requests.get(f"{org}/_sandbox/writes", timeout=5).json()["writes"] == before["writes"] + 1


def test_a_wrong_secret_gets_no_token(org: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": "wrong"}
    answer = requests.post(f"{org}/services/oauth2/token", data=form, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_seed_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="Shoe__c"):
        create({"contacts": [{"LastName": "Moreno", "Shoe__c": "42"}]})
