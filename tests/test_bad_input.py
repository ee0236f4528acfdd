"""What people, systems and networks get wrong: each is told with its place, its shape and what to do, and no value."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from sqlmodel import SQLModel
from urllib3 import HTTPResponse

from crossroads import engine, manifest, mapping, plan, registry
from crossroads.connector import Connector, Settings
from crossroads.engine import RunFailed, System, Workspace
from crossroads.engine.survivorship import Survivorship
from crossroads.errors import AuthError, ConfigError, CrossroadsError, RecordRejected, Unavailable
from crossroads.protocols.http import Http, Retries
from crossroads.quality import claims
from crossroads.records import Batch, Record, State, Stream
from crossroads.store import Store, tables

ROOT = Path(__file__).parent.parent
SECRET = "Zebulon"


# files that people write


def sync(path: Path) -> object:
    return plan.load(path)


def rules(path: Path) -> object:
    return Survivorship.load(path)


def sap_customer(path: Path) -> object:
    return mapping.load("sap_s4", "customer")


def laid_over(path: Path) -> object:
    return mapping.load("sap_s4", "customer", overlay="erp")


FILES = [
    # the file, what it says, what somebody writes instead, who reads it, what is told
    ("dags/syncs/customers.yaml", "owner:", "ownr:", sync, ["customers.yaml", "owner", "ownr"]),
    ("dags/syncs/customers.yaml", "compare: always", "compares: always", sync, ["customers.yaml", "between.0", "compares"]),
    ("dags/syncs/customers.yaml", "create: needed", "create: nedded", sync, ["customers.yaml", "between.0.create", "'needed'"]),
    ("dags/syncs/customers.yaml", "create: needed", "create: {when: {knd: person}}", sync,
     ["customers.yaml", "erp.business_partners", "no field 'knd'"]),
    ("dags/syncs/customers.yaml", "entity: customer", "entity: costumer", sync, ["customers.yaml", "entity", "'customer'"]),
    ("dags/syncs/customers.yaml", "stream: contacts}", "stream: contacts]", sync, ["customers.yaml", "not YAML", "line"]),
    ("dags/syncs/customers.yaml", "connection: shop, stream: customers", "connection: crm, stream: contacts", sync,
     ["customers.yaml", "crm.contacts", "twice"]),
    ("dags/syncs/customers.yaml", None, "", sync, ["customers.yaml", "the whole of it", "dictionary"]),
    ("dags/syncs/customers.yaml", None, "- sync", sync, ["customers.yaml", "the whole of it", "dictionary"]),
    ("mappings/sap_s4/customer.yaml", "clear:", "cler:", sap_customer, ["mappings/sap_s4/customer.yaml", "cler"]),
    ("mappings/sap_s4/customer.yaml", "  given_name:", "  nick_name:", sap_customer,
     ["mappings/sap_s4/customer.yaml", "fields.nick_name", "no field 'nick_name'"]),
    ("mappings/sap_s4/customer.yaml", "as: email, max", "as: email, mx", sap_customer,
     ["customer.yaml", "emails.main.address", "mx"]),
    ("mappings/sap_s4/customer.yaml", None, "- fields", sap_customer, ["mappings/sap_s4/customer.yaml"]),
    ("mappings/overlays/erp/customer.yaml", "mapping:", "maping:", laid_over, ["mappings/overlays/erp/customer.yaml", "maping"]),
    ("mappings/codes/title.yaml", "systems:", "sistems:", sap_customer, ["mappings/codes/title.yaml", "sistems"]),
    ("mappings/survivorship.yaml", "  default: {rule: newest}", "  default: {rule: newest, sistems: []}", rules,
     ["survivorship.yaml", "customer", "sistems"]),
    ("mappings/survivorship.yaml", "    identifiers.*:", "    identifier.*:", rules,
     ["survivorship.yaml", "customer", "no field 'identifier.*'"]),
    ("mappings/survivorship.yaml", "customer:\n", "costumer:\n", rules, ["survivorship.yaml", "customer, order, interaction"]),
    ("mappings/survivorship.yaml", "interaction:\n", "interaction: }\n", rules, ["survivorship.yaml", "not YAML", "line"]),
    ("mappings/survivorship.yaml", None, "customer: {default: {rule: newest}}", rules, ["survivorship.yaml", "order"]),
    ("mappings/survivorship.yaml", None, "", rules, ["survivorship.yaml", "the whole of it", "dictionary"]),
    ("connectors/discourse/manifest.yaml", "protocol:", "protocoll:", manifest.read, ["manifest.yaml", "protocoll"]),
    ("connectors/discourse/manifest.yaml", None, "", manifest.read, ["manifest.yaml"]),
    ("connectors/discourse/quality.yaml", "tier:", "teir:", claims.read, ["quality.yaml", "teir"]),
    ("connectors/discourse/quality.yaml", None, "- tier", claims.read, ["quality.yaml"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "right", "wrong", "read", "told"),
    FILES,
    ids=[f"{Path(f[0]).name}: {f[2][:30]!r}" for f in FILES],
)
def test_a_mistake_in_a_file_names_the_file_and_the_place(
    tmp_path: Path, monkeypatch: Any, path: str, right: str | None, wrong: str, read: Callable[[Path], object], told: list[str],
) -> None:  # fmt: skip
    for folder in ("mappings", "dags", "connectors"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.py", "__pycache__")
        )
    monkeypatch.setenv("CROSSROADS_MAPPINGS", str(tmp_path / "mappings"))
    read(tmp_path / path)
    text = (tmp_path / path).read_text()
    assert right is None or right in text
    (tmp_path / path).write_text(wrong if right is None else text.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as error:
        read(tmp_path / path)
    assert [word for word in told if word not in str(error.value)] == []


# answers that systems give


class Answers(BaseAdapter):
    """Gives the same answer to whatever is asked, and counts."""

    def __init__(self, status: int, kind: str, body: bytes | Exception) -> None:
        super().__init__()
        self.status, self.kind, self.body, self.asked = status, kind, body, 0

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.asked += 1
        if isinstance(self.body, Exception):
            raise self.body
        headers = {"Content-Type": self.kind, "Content-Length": str(len(self.body))}
        raw = HTTPResponse(BytesIO(self.body), headers=headers, status=self.status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        pass


JSON = "application/json"
SETTINGS = {
    "discourse": {"base_url": "https://forum.example", "api_key": "k"},
    "shopify": {"base_url": "https://shop.example", "token": "t"},
    "sap_s4": {"base_url": "https://erp.example", "user": "u", "password": "p"},
}
STREAMS = {"discourse": "users", "shopify": "customers", "sap_s4": "business_partners"}
ANSWERS: list[tuple[str, int, str, Any, type[CrossroadsError], list[str], int]] = [
    # the system, its answer, what it means, what is told, how often it was asked
    ("discourse", 200, "text/html", f"<html>{SECRET}</html>".encode(), ConfigError,
     ["GET /admin/users", "text/html", "proxy or log-in page"], 1),
    ("discourse", 200, JSON, f'[{{"id": 1, "name": "{SECRET}'.encode(), Unavailable, ["not whole JSON", "cut off"], 2),
    ("discourse", 401, JSON, f'{{"errors": ["{SECRET}"]}}'.encode(), AuthError,
     ["401", "credentials were refused", "not tried again"], 1),
    ("discourse", 503, JSON, b"{}", Unavailable, ["503", "cannot do this now"], 2),
    ("discourse", 200, JSON, requests.ConnectionError(ConnectionResetError(SECRET)), Unavailable,
     ["answer was lost or cut off"], 2),
    ("shopify", 200, JSON, orjson.dumps({"errors": [{"message": SECRET, "extensions": {"code": "ACCESS_DENIED"}}]}),
     CrossroadsError, ["ACCESS_DENIED"], 1),
    ("sap_s4", 200, "text/html", f"<html>{SECRET}</html>".encode(), ConfigError, ["text/html", "proxy or log-in page"], 1),
    ("sap_s4", 401, "text/html", b"<html>", AuthError, ["401", "not tried again"], 1),
]  # fmt: skip


def pulled(folder: Path, system: str, connector: Any) -> dict[str, Any]:
    """Pull one stream in a store of its own, and report."""
    members = [{"connection": "here", "stream": STREAMS[system], "write": False}]
    one = plan.Plan.model_validate({"sync": "s", "entity": "customer", "owner": "tests", "between": members})
    ws = Workspace(
        Store(f"sqlite:///{folder / 'store.db'}"), [one], lambda name: System(system, SETTINGS[system])
    )
    ws.connect = lambda name: connector
    SQLModel.metadata.create_all(ws.store.engine)
    found: dict[str, Any] = {"error": None}
    try:
        engine.begin(ws, one, "r")
        try:
            engine.pull(ws, one, f"here.{STREAMS[system]}", "r")
        except CrossroadsError as error:
            found["error"] = error
        engine.match(ws, one, "r")
        try:
            engine.report(ws, one, "r")
            found["red"] = ""
        except RunFailed as error:
            found["red"] = str(error)
        with ws.store.read() as db:
            for name in ("Rejected", "Notice", "Step", "Run"):
                found[name] = list(db.execute(getattr(tables, name).__table__.select()).mappings())
    finally:
        ws.store.close()
    return found


@pytest.mark.parametrize(
    ("system", "status", "kind", "body", "means", "told", "asked"),
    ANSWERS,
    ids=[f"{a[0]}: {a[1]} {a[5][0]}" for a in ANSWERS],
)
def test_an_answer_that_cannot_be_right_stops_the_pull_and_says_why(
    tmp_path: Path, caplog: Any, system: str, status: int, kind: str, body: Any, means: type[CrossroadsError],
    told: list[str], asked: int,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    wire = Answers(status, kind, body)
    connector = registry.open(
        system, SETTINGS[system], transport=wire, retries=Retries(attempts=2, first=0.0)
    )
    found = pulled(tmp_path, system, connector)
    assert isinstance(found["error"], means)
    assert [word for word in told if word not in str(found["error"])] == []
    assert f"here.{STREAMS[system]}: pull failed" in found["red"]
    assert wire.asked == asked
    assert SECRET not in f"{found} {caplog.text}"


# records that systems hold


class Rows(Connector[Settings]):
    """A system that holds these records, and takes nothing."""

    settings_model = Settings

    def __init__(self, stream: str, key: str, records: list[Record]) -> None:
        super().__init__(Settings(), [Stream(stream, key, writable=True)])
        self.rows = records

    def check(self) -> None:
        pass

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        yield Batch(self.rows, State({"at": 1}), last=True)


def partner(key: str | None = "17", **more: Any) -> Record:
    number = {"BusinessPartner": key} if key else {}
    return {**number, "BusinessPartnerCategory": "1", "FirstName": SECRET, "LastName": SECRET, **more}


def at(**address: str) -> Record:
    return partner(to_BusinessPartnerAddress=[{"AddressID": "1", "CityName": SECRET, **address}])


RECORDS = [
    # what is odd, the records, under which key it is listed, what is told
    ("an unknown country", [at(Country="ZZ")], "17", ["addresses.main.country", "ISO 3166", "text of 2: letters", "correct it"]),
    ("no key", [partner(None)], "without-key", ["no key", "BusinessPartner is missing or empty"]),
    ("two with one key", [partner(), partner(FirstName="Eve")], "17",
     ["Record 17", "two different records", "'BusinessPartner'", "unique order"]),
    ("a list where text is meant", [partner(FirstName=[SECRET])], "17", ["given_name", "list where text was expected"]),
    ("an object where a list is meant", [partner(to_BusinessPartnerAddress={"CityName": SECRET})], "17",
     ["place address", "does not have the shape the mapping expects"]),
    ("an address that is none", [at() | {"to_BusinessPartnerAddress": [{"AddressID": "1", "to_EmailAddress": [
        {"IsDefaultEmailAddress": True, "EmailAddress": f"{SECRET}@"}]}]}], "17", ["emails.main.address", "text of 8"]),
    ("half a character", [partner(FirstName=f"{SECRET} \ud83d")], "17", ["not valid text", "Unicode"]),
]  # fmt: skip


@pytest.mark.parametrize(("odd", "records", "key", "told"), RECORDS, ids=[row[0] for row in RECORDS])
def test_an_odd_record_is_set_aside_with_its_field_and_shape(
    tmp_path: Path, caplog: Any, odd: str, records: list[Record], key: str, told: list[str]
) -> None:
    caplog.set_level("DEBUG")
    fine = partner("18")
    found = pulled(tmp_path, "sap_s4", Rows("business_partners", "BusinessPartner", [*records, fine]))
    assert found["error"] is None, "the page goes on"
    listed: list[Mapping[str, str]] = [*found["Rejected"], *found["Notice"]]
    (row,) = listed
    said = row.get("reasons") or row["reason"]
    assert row["key"].startswith(key)
    assert [word for word in told if word not in said] == []
    assert SECRET not in f"{said} {[dict(step) for step in found['Step']]} {caplog.text}"


def test_an_unknown_currency_rejects_the_order_and_names_it(tmp_path: Path) -> None:
    lens = mapping.load("shopify", "order")
    with pytest.raises(RecordRejected, match=r"currency .*ISO 4217.*text of 3: letters"):
        lens.get({"id": "1", "name": "#1", "currencyCode": "ZZZ"})


def test_a_name_that_does_not_fit_the_target_is_refused_and_not_cut() -> None:
    lens = mapping.load("sap_s4", "customer")
    with pytest.raises(
        RecordRejected, match=r"family_name is longer than the 40 .*text of 56: letters.*shorten it"
    ) as error:
        lens.put({"kind": "person", "family_name": SECRET * 8})
    assert SECRET not in str(error.value)


def test_half_a_character_in_an_answer_does_not_stop_the_stream() -> None:
    wire = Answers(200, JSON, b'[{"id": 1, "raw": "cut \\ud83d"}]')
    http = Http("https://forum.example", transport=wire)
    assert http.get("/posts").records == [{"id": 1, "raw": "cut \ufffd"}]
    http.close()
