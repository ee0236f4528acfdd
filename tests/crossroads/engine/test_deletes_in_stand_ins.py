"""Deletions and blocks as the vendors' systems show them, from the stand-in through its connector into the store and back."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from crossroads import registry
from crossroads.mapping import load
from crossroads.plan import Plan
from crossroads.store.tables import StreamState
from crossroads.testkit.contract import QUICK
from crossroads.testkit.memory import Memory
from sandbox.salesforce.app import CLIENT_ID, CLIENT_SECRET
from sandbox.salesforce.app import create as salesforce
from sandbox.sap_s4.app import PASSWORD, USER
from sandbox.sap_s4.app import create as sap
from sandbox.serve import running
from sandbox.shopify import ACCESS
from sandbox.shopify import create as shopify


class Beside:
    """A stand-in beside a system in memory, both in one sync of customers."""

    def __init__(self, w: Any, url: str, asked: Callable[[], Any]) -> None:
        self.w, self.url, self.asked = w, url, asked

    def sync(self, *, full: bool = True) -> dict[str, Any]:
        (summary,) = self.w.sync(full=full)
        counts: dict[str, Any] = summary["members"][self.w.plans[0].between[0].name]["pull"]
        return counts

    def rows(self) -> dict[str, tuple[str, bool, str | None]]:
        return {r["key"]: (r["id"], bool(r["gone"]), r["blocked"]) for r in self.w.rows("Contribution")
                if r["connection"] == "theirs"}  # fmt: skip

    def here(self) -> list[str]:
        return sorted(r["family"] for r in self.w.systems["ours"].records.get("people", {}).values())


@pytest.fixture
def beside(world: Callable[..., Any]) -> Iterator[Callable[..., Beside]]:
    with ExitStack() as stack:

        def start(system: str, stream: str, app: Any, **settings: Any) -> Beside:
            url = stack.enter_context(running(app))
            between = [{"connection": "theirs", "stream": stream, "create": "always"},
                       {"connection": "ours", "stream": "people", "create": "always"}]  # fmt: skip
            plan = Plan.model_validate(
                {"sync": "customers", "entity": "customer", "owner": "tests", "between": between}
            )
            w = world([plan], ours=Memory())
            w.ws.lenses["theirs", stream] = load(system, "customer")
            ours = w.ws.connect

            def connect(name: str) -> Any:
                if name == "ours":
                    return ours(name)
                return registry.open(system, {"base_url": url, **settings}, retries=QUICK)

            w.ws.connect = connect
            return Beside(w, url, connect)

        yield start


def partner(number: int) -> dict[str, Any]:
    address = {"Country": "DE", "CityName": "Bonn",
               "to_EmailAddress": [{"EmailAddress": f"p{number}@lee.example", "IsDefaultEmailAddress": True}]}  # fmt: skip
    return {"BusinessPartner": str(number), "BusinessPartnerCategory": "1", "FirstName": "Ann", "LastName": f"Lee{number}",
            "to_BusinessPartnerAddress": [address]}  # fmt: skip


@pytest.mark.parametrize("how", ["end_of_purpose", "BusinessPartnerIsBlocked", "IsMarkedForArchiving"])
def test_a_partner_that_sap_blocks_is_left_alone_and_comes_back_as_itself(
    beside: Callable[..., Beside], how: str
) -> None:
    app = sap({"business_partners": [partner(number) for number in (1, 2, 3)]})
    erp = beside("sap_s4", "business_partners", app, user=USER, password=PASSWORD, client="100")
    root = f"{erp.url}/sap/opu/odata/sap/API_BUSINESS_PARTNER"

    def block(*, ended: bool) -> None:
        with requests.Session() as session:
            session.auth = (USER, PASSWORD)
            if how == "end_of_purpose":
                session.post(
                    f"{erp.url}/_sandbox/end_of_purpose", json={"partners": ["2"], "ended": ended}
                ).raise_for_status()
                return
            token = session.get(f"{root}/", headers={"X-CSRF-Token": "Fetch"}).headers["x-csrf-token"]
            session.patch(
                f"{root}/A_BusinessPartner('2')", json={how: ended}, headers={"X-CSRF-Token": token}
            ).raise_for_status()

    erp.sync()
    before = erp.rows()
    assert erp.here() == ["Lee1", "Lee2", "Lee3"]
    block(ended=True)
    erp.sync()
    assert erp.rows()["2"] == (before["2"][0], False, "absent" if how == "end_of_purpose" else how)
    w = erp.w
    ours = next(key for key, r in w.systems["ours"].records["people"].items() if r["family"] == "Lee2")
    w.systems["ours"].put("people", ours, city="Ulm", changed="2030-01-01T00:00:00Z")
    counted = requests.get(f"{erp.url}/_sandbox/writes", timeout=5).json()
    erp.sync()
    assert requests.get(f"{erp.url}/_sandbox/writes", timeout=5).json() == counted, (
        "nothing is sent, nobody made again"
    )
    block(ended=False)
    erp.sync()
    assert erp.rows() == before
    (found,) = erp.asked("theirs").fetch(erp.asked("theirs").streams["business_partners"], ["2"])
    assert found["to_BusinessPartnerAddress"][0]["CityName"] == "Ulm", "it hears what it missed"


def test_a_contact_is_deleted_restored_and_not_missed_when_the_log_was_cut_off(
    beside: Callable[..., Beside],
) -> None:
    seed = [{"Id": f"0035g000000000{n}AAA", "LastName": f"Lee{n}", "Email": f"p{n}@lee.example",
             "SystemModstamp": "2026-01-01T10:00:00Z"} for n in (1, 2, 3)]  # fmt: skip
    crm = beside(
        "salesforce",
        "contacts",
        salesforce({"contacts": seed}),
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    crm.sync()
    before = crm.rows()

    def call(method: str, path: str, **how: Any) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-script",
            "client_secret": CLIENT_SECRET,
        }
        token = requests.post(f"{crm.url}/services/oauth2/token", data=form, timeout=5).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        requests.request(method, f"{crm.url}{path}", headers=headers, timeout=5, **how).raise_for_status()

    second = "0035g0000000002AAA"
    call("DELETE", f"/services/data/v67.0/sobjects/Contact/{second}")
    for _ in range(20):  # the log is asked up to the answer's `Date`, which may lag a second behind
        if crm.sync(full=False)["applied"] == 1:
            break
        time.sleep(0.2)
    assert crm.rows()[second] == (before[second][0], True, None), "the log told of it"
    call("POST", "/_sandbox/undelete", json={"ids": [second]})
    crm.sync(full=False)
    assert crm.rows() == before
    call("DELETE", f"/services/data/v67.0/sobjects/Contact/{second}")
    call("POST", "/_sandbox/purge")
    _read_a_minute_ago(crm.w)
    crm.sync(full=False)
    assert crm.rows()[second] == (before[second][0], True, None), (
        "all was compared, because the log was cut off"
    )
    assert [bool(r["compared"]) for r in crm.w.rows("Step") if r["member"] == "theirs.contacts"][-2:] == [
        True,
        False,
    ]
    assert crm.here() == ["Lee1", "Lee2", "Lee3"]


def _read_a_minute_ago(w: Any) -> None:
    rows = StreamState.__table__  # type: ignore[attr-defined]
    then = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    cursor = json.dumps({"at": "2026-01-02T00:00:00Z", "gone_since": then})
    with w.store.write() as db:
        db.execute(rows.update().where(rows.c.stream == "contacts").values(cursor=cursor))


def test_a_customer_whom_the_shop_deleted_is_found_by_a_full_compare_only(
    beside: Callable[..., Beside],
) -> None:
    seed = [{"id": f"gid://shopify/Customer/{n}", "firstName": "Ann", "lastName": f"Lee{n}",
             "defaultEmailAddress": {"emailAddress": f"p{n}@lee.example"},
             "createdAt": "2026-01-01T00:00:00Z", "updatedAt": f"2026-01-0{n}T00:00:00Z"} for n in (1, 2, 3)]  # fmt: skip
    shop = beside("shopify", "customers", shopify({"customers": seed}, "demo"), token=ACCESS)
    shop.sync()
    delete = 'mutation { customerDelete(input: {id: "gid://shopify/Customer/3"}) { deletedCustomerId } }'
    headers = {"X-Shopify-Access-Token": ACCESS}
    address = f"{shop.url}/admin/api/2026-10/graphql.json"
    requests.post(address, json={"query": delete}, headers=headers, timeout=5).raise_for_status()
    shop.sync(full=False)
    assert not any(gone for _, gone, _ in shop.rows().values())
    shop.sync()
    assert {key: gone for key, (_, gone, _) in shop.rows().items() if gone} == {
        "gid://shopify/Customer/3": True
    }
    shop.sync()
    assert requests.get(f"{shop.url}/_sandbox/writes", timeout=5).json()["creates"] == 0, "and not made again"
