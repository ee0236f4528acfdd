import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import actors, doors, stand_ins
from sandbox.checker import check, merges
from sandbox.readings import READERS, SALESFORCE, graphql, odata, signed_in, soql
from sandbox.stand_ins import StandIns
from sandbox.world import social
from sandbox.world.population import build
from sandbox.world.sap import ORDERS, sales_order


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    with stand_ins.running(tmp_path_factory.mktemp("demo"), build(60)) as running:
        yield running


@pytest.fixture(scope="module")
def truth(started: StandIns) -> Any:
    return json.loads((started.folder / "truth.json").read_text())


@pytest.mark.parametrize("connection", ["erp", "crm", "shop"])
def test_a_system_holds_exactly_what_the_truth_says(started: StandIns, truth: Any, connection: str) -> None:
    seen = READERS[connection](started.systems[connection])
    late = set(truth["late"])
    known = {
        r["key"]
        for r in truth["records"]
        if r["connection"] == connection and f"{connection}:{r['key']}" not in late
    }
    assert set(seen) == known


def test_the_shop_and_the_erp_hold_their_orders(started: StandIns, truth: Any) -> None:
    placed = Counter(order["connection"] for order in truth["orders"])
    web = graphql(started.systems["shop"], "query { orders(first: 100) { nodes { name } } }", {})["orders"][
        "nodes"
    ]
    sold = odata(started.systems["erp"], "API_SALES_ORDER_SRV/A_SalesOrder?$select=PurchaseOrderByCustomer")
    assert (len(web), len(sold)) == (placed["shop"], placed["erp"])
    assert sum(row["PurchaseOrderByCustomer"].startswith("LATE") for row in sold) == len(truth["late"]) > 0


def test_every_mention_reached_our_account(started: StandIns, truth: Any) -> None:
    system = started.systems["social"]["settings"]
    answer = requests.get(
        f"{system['base_url']}/api/v1/notifications",
        params={"types[]": "mention", "limit": "80"},
        headers={"Authorization": f"Bearer {system['token']}"},
        timeout=30,
    ).json()
    said = {(row["account"]["acct"], row["account"]["id"]) for row in answer}
    assert said == set(truth["accounts"].items())


def test_the_community_holds_its_members_and_posts(started: StandIns, truth: Any) -> None:
    system = started.systems["community"]["settings"]
    headers = {"Api-Key": system["api_key"], "Api-Username": system["api_username"]}
    users = requests.get(
        f"{system['base_url']}/admin/users/list/active.json",
        params={"show_emails": "true"},
        headers=headers,
        timeout=30,
    ).json()
    posts = requests.get(f"{system['base_url']}/posts.json", headers=headers, timeout=30).json()[
        "latest_posts"
    ]
    members = {record["key"] for record in truth["records"] if record["connection"] == "community"}
    assert {str(user["id"]) for user in users if user["id"] > 0} == members
    assert len(posts) == sum(message["connection"] == "community" for message in truth["messages"])


def test_at_the_start_cells_are_wrong_and_nothing_is_disturbed_or_double(
    started: StandIns, truth: Any
) -> None:
    verdict = check(started.systems, truth)
    assert verdict.planted == len(truth["cells"])
    assert 0 < verdict.share < 0.5
    assert verdict.disturbed == ()
    assert verdict.doubles == ()


def test_the_checker_sees_a_fault_and_a_double_and_the_door_counts_them(
    started: StandIns, truth: Any
) -> None:
    erp = started.sap()
    cell = next(
        c for c in truth["steady"] if c["field"] == "given_name" and c["holders"][0].startswith("erp:")
    )
    key = cell["holders"][0].removeprefix("erp:")
    path = f"A_BusinessPartner('{key}')"
    before = started["erp"].writes()["writes"]
    erp.change("API_BUSINESS_PARTNER_SRV", path, {"FirstName": "Somebody"})
    assert (cell["person"], "given_name") in check(started.systems, truth).disturbed
    erp.change("API_BUSINESS_PARTNER_SRV", path, {"FirstName": cell["expected"]})

    twin = {"BusinessPartner": "2900001", "FirstName": cell["expected"], "LastName": "Twin"}
    address = {"AddressID": "1", "EmailAddress": truth["persons"][cell["person"]]["email"]}
    row = twin | {"to_BusinessPartnerAddress": [address]}
    erp.create("API_BUSINESS_PARTNER_SRV", "A_BusinessPartner", [row])
    assert check(started.systems, truth).doubles == ("erp:2900001",)
    erp.delete("API_BUSINESS_PARTNER_SRV", "A_BusinessPartner('2900001')")
    assert check(started.systems, truth).doubles == ()
    assert started["erp"].writes()["writes"] - before == 4


def test_a_shut_door_makes_a_system_unreachable_and_an_open_one_gives_back_its_records(
    started: StandIns,
) -> None:
    crm = started["crm"]
    before = set(READERS["crm"](started.systems["crm"]))
    crm.shut()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{crm.address}/_sandbox/writes", timeout=5)
    crm.open()
    assert set(READERS["crm"](started.systems["crm"])) == before


def test_a_reply_is_counted_by_the_door_of_the_network(started: StandIns) -> None:
    network = started["social"]
    before = network.writes()["writes"]
    with requests.Session() as session:
        social.say(session, network.address, social.OUR_ACCOUNT, "We are looking into it.")
    assert network.writes()["writes"] - before == 1


def test_merges_of_strangers_and_splits_of_one_person_are_counted(truth: Any) -> None:
    by_person: dict[str, list[tuple[str, str]]] = {}
    doubtful = {cell["person"] for cell in truth["cells"] if cell["outcome"] != "settle"}
    for record in truth["records"]:
        if record["person"] not in doubtful:
            by_person.setdefault(record["person"], []).append((record["connection"], record["key"]))
    right = sorted(by_person.values(), key=len, reverse=True)
    assert merges(right, truth) == (0, 0)
    assert merges([right[0] + right[1], *right[2:]], truth) == (1, 0)
    assert merges([right[0][:1], right[0][1:], *right[1:]], truth) == (0, 1)
    as_systems_say = [
        [
            (
                c,
                f"gid://shopify/Customer/{k}"
                if c == "shop"
                else k.zfill(10)
                if c == "erp"
                else truth["accounts"].get(k, k),
            )
            for c, k in group
        ]
        for group in right
    ]
    assert merges(as_systems_say, truth) == (0, 0)
    assert merges([as_systems_say[0] + as_systems_say[1]], truth) == (1, 0)


def test_the_people_in_the_systems_enter_late_partners_deliver_and_answer(
    started: StandIns, truth: Any
) -> None:
    erp, crm = started.systems["erp"], started.systems["crm"]
    before = {name: each.writes()["writes"] for name, each in started.items()}
    assert actors.enter_late_partners(started) == len(truth["late"])
    assert {name.removeprefix("erp:") for name in truth["late"]} <= set(READERS["erp"](erp))

    order = next(order for order in started.world.orders if order.connection == "shop")
    started.sap(started["erp"].behind).create(ORDERS, "A_SalesOrder", [sales_order(order)])
    assert actors.deliver(started) == 1
    rows = odata(erp, "API_SALES_ORDER_SRV/A_SalesOrder?$filter=OverallDeliveryStatus eq 'C'")
    assert order.number in {row["PurchaseOrderByCustomer"] for row in rows}

    url, headers = f"{started['crm'].behind}{SALESFORCE}/sobjects/", signed_in(crm)
    case = {"Subject": "Parcel", "Crossroads_Id__c": "mastodon:1"}
    requests.post(url + "Case", json=case, headers=headers, timeout=30).raise_for_status()
    assert actors.answer_cases(started) == 1
    comments = soql(crm, "SELECT Id, IsPublished FROM CaseComment ORDER BY Id")
    assert [row["IsPublished"] for row in comments] == [True]
    after = {name: each.writes()["writes"] for name, each in started.items()}
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"crm": 1}
    assert check(started.systems, truth).doubles == ()


def test_a_door_can_be_shut_and_opened_from_another_process(started: StandIns) -> None:
    for word in ("shut", "open"):
        doors.app([word, "community", "--folder", str(started.folder)], standalone_mode=False)
        said = json.loads((started.folder / "systems.json").read_text())["community"]["processes"]["door"]
        assert (said is None) == (word == "shut")
    assert requests.get(f"{started['community'].address}/_sandbox/writes", timeout=30).ok
