"""`kill -9` at random moments of a pull and of a push over HTTP, then the same run again: nothing doubled, nothing missing.

CROSSROADS_KILLS says how many moments of each; `make crash` takes twenty, an ordinary test run two.
"""

import multiprocessing
import os
import random
import time
from collections import Counter
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from crossroads import engine, registry
from crossroads.engine import System, Workspace
from crossroads.plan import Plan
from crossroads.store import Store, migrate
from sandbox.salesforce.app import create as salesforce
from sandbox.sap_s4.app import PASSWORD, USER
from sandbox.sap_s4.app import create as sap
from sandbox.serve import running

KILLS = int(os.environ.get("CROSSROADS_KILLS", "2"))
PEOPLE = 120
PLAN = Plan.model_validate(
    {
        "sync": "customers",
        "entity": "customer",
        "owner": "tests",
        "between": [
            {"connection": "erp", "stream": "business_partners", "create": "always"},
            {"connection": "crm", "stream": "contacts", "create": "always"},
        ],
    }
)
SETTLE = {"erp": {"business_partners": {"settle_seconds": 1.0, "page_size": 20, "write_size": 4}}, "crm": {}}


def partner(number: int) -> dict[str, Any]:
    return {
        "BusinessPartner": str(1000 + number), "BusinessPartnerCategory": "1", "FirstName": f"Given{number}", "LastName": "Crash",
        "CreationDate": "/Date(1767225600000)/", "LastChangeDate": "/Date(1767225600000)/",
        "to_BusinessPartnerAddress": [
            {"StreetName": "Old Street", "HouseNumber": "1", "Country": "DE", "CityName": "Bonn", "PostalCode": "53111",
             "to_EmailAddress": [{"EmailAddress": f"given{number}@crash.example.com", "IsDefaultEmailAddress": True}]}
        ],
    }  # fmt: skip


def contact(number: int) -> dict[str, Any]:
    return {
        "FirstName": f"Given{number}", "LastName": "Crash", "Email": f"given{number}@crash.example.com",
        "MailingStreet": "New Street 2", "MailingCity": "Ulm", "MailingPostalCode": "89073", "MailingCountryCode": "DE",
        "LastModifiedDate": "2026-03-01T00:00:00Z", "SystemModstamp": "2026-03-01T00:00:00Z",
    }  # fmt: skip


def work(database: str, urls: dict[str, str], tell: Connection) -> None:
    """One attempt of one run; says through the pipe which step begins."""
    settings = {
        "erp": System("sap_s4", {"base_url": urls["erp"], "user": USER, "password": PASSWORD}),
        "crm": System(
            "salesforce",
            {"base_url": urls["crm"], "client_id": "crossroads-sandbox", "client_secret": "sandbox-secret"},
        ),
    }
    store = Store(database)
    ws = Workspace(store, [PLAN], settings.__getitem__)
    ws.connect = lambda name: registry.open(
        settings[name].system, dict(settings[name].settings), SETTLE[name]
    )
    engine.begin(ws, PLAN, "the run")
    tell.send("pull")
    for member in PLAN.between:
        engine.pull(ws, PLAN, member.name, "the run")
    tell.send("match")
    engine.match(ws, PLAN, "the run")
    tell.send("push")
    for member in PLAN.between:
        engine.push(ws, PLAN, member.name, "the run")
    tell.send("report")
    engine.report(ws, PLAN, "the run")
    tell.send("done")


class Attempt:
    """A process at work, and when each of its steps began."""

    def __init__(self, database: str, urls: dict[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(
            ["crossroads.engine", "connectors.sap_s4.connector", "connectors.salesforce.connector"]
        )
        self.heard, told = context.Pipe()
        self.process = context.Process(target=work, args=(database, urls, told))
        self.process.start()
        told.close()
        self.began: dict[str, float] = {}

    def until(self, step: str) -> bool:
        """Wait for a step; False if the process ended before."""
        while step not in self.began:
            try:
                self.began[self.heard.recv()] = time.monotonic()
            except EOFError:
                return False
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


def trial(folder: Path, step: str | None, moment: float, lasts: dict[str, float]) -> dict[str, float]:
    """Run, killed at a share of a step, and again to the end; check both systems; return how long each step takes."""
    database = f"sqlite:///{folder / 'store.db'}"
    migrate(database)
    erp_app = sap({"business_partners": [partner(n) for n in range(PEOPLE * 2 // 3)]})
    crm_app = salesforce({"contacts": [contact(n) for n in range(PEOPLE // 3, PEOPLE)]}, "demo")
    with running(erp_app) as erp, running(crm_app) as crm:
        urls = {"erp": erp, "crm": crm}
        if step is not None:
            first = Attempt(database, urls)
            assert first.until(step)
            time.sleep(moment * lasts[step])
            first.kill()
        last = Attempt(database, urls)
        assert last.until("done"), f"the run did not end green after a kill in {step} at {moment:.2f}"
        last.process.join()
        check(urls)
    steps = ["pull", "match", "push", "report"]
    return {one: last.began[after] - last.began[one] for one, after in pairwise(steps)}


def check(urls: dict[str, str]) -> None:
    """Everybody is in both systems once, with the newer address."""
    import requests

    auth = (USER, PASSWORD)
    service = f"{urls['erp']}/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner"
    rows, address = [], f"{service}?$expand=to_BusinessPartnerAddress&$top=1000&$format=json"
    while address:
        answer = requests.get(address, auth=auth, timeout=10).json()["d"]
        rows += answer["results"]
        address = answer.get("__next")
    partners = Counter(row["FirstName"] for row in rows)
    assert partners == Counter(f"Given{n}" for n in range(PEOPLE)), "a partner was doubled or is missing"
    cities = {
        row["to_BusinessPartnerAddress"]["results"][0]["CityName"]
        for row in rows
        if int(row["FirstName"][5:]) >= PEOPLE // 3
    }
    assert cities == {"Ulm"}
    token = requests.post(
        f"{urls['crm']}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": "sandbox-script",
            "client_secret": "sandbox-secret",
        },
        timeout=10,
    ).json()["access_token"]
    told = requests.get(
        f"{urls['crm']}/services/data/v67.0/query",
        params={"q": "SELECT FirstName FROM Contact"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    ).json()
    assert Counter(row["FirstName"] for row in told["records"]) == Counter(f"Given{n}" for n in range(PEOPLE))


@pytest.mark.crash
def test_killed_at_random_moments_over_http(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    lasts = trial(tmp_path / "whole", None, 0, {})
    chance = random.Random(2026)
    for step in ("pull", "push"):
        for number in range(KILLS):
            folder = tmp_path / f"{step}-{number}"
            folder.mkdir()
            trial(folder, step, chance.random(), lasts)
