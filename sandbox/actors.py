"""The people who work in the systems during a demonstration; what they change is not counted as ours."""

from collections.abc import Mapping
from typing import Any

import requests

from sandbox.readings import SALESFORCE, TIMEOUT, signed_in, soql
from sandbox.salesforce.app import CLIENT_SECRET, SCRIPT_ID
from sandbox.stand_ins import StandIns
from sandbox.world.sap import ORDERS, PARTNERS, Sap, partner

REPLIES = 10
ANSWER = "Thank you for your message. We are looking into it."
NOTE = "Call the carrier before answering."


def enter_late_partners(stand_ins: StandIns) -> int:
    """Create the partners whose orders were placed too early; return how many."""
    rows = [partner(held) for held in stand_ins.world.late]
    _past_the_door(stand_ins).create(PARTNERS, "A_BusinessPartner", rows)
    return len(rows)


def deliver(stand_ins: StandIns) -> int:
    """Deliver every second web order that has arrived in the ERP; return how many."""
    erp = _past_the_door(stand_ins)
    rows = erp.read(ORDERS, "A_SalesOrder?$expand=to_Item")
    web = sorted((row for row in rows if row["PurchaseOrderByCustomer"].startswith("#")), key=_number)
    for row in web[::2]:
        items = [
            {
                "REF_DOC": item["SalesOrder"],
                "REF_ITEM": item["SalesOrderItem"],
                "DLV_QTY": item["RequestedQuantity"],
            }
            for item in row["to_Item"]["results"]
        ]
        answer = erp.call("BAPI_OUTB_DELIVERY_CREATE_SLS", {"SALES_ORDER_ITEMS": items})
        if not answer["DELIVERY"]:
            raise RuntimeError(f"mock-sap made no delivery of order {row['SalesOrder']}")
    return len(web[::2])


def answer_cases(stand_ins: StandIns) -> int:
    """Publish a comment on the first cases from the social network, and note one for colleagues only."""
    crm = _as_an_agent(stand_ins)
    rows = soql(crm, "SELECT Id, Crossroads_Id__c FROM Case ORDER BY Id")
    cases = [row["Id"] for row in rows if (row["Crossroads_Id__c"] or "").startswith("mastodon:")]
    url, headers = f"{crm['settings']['base_url']}{SALESFORCE}/sobjects/CaseComment", signed_in(crm)
    for index, case in enumerate(cases[: REPLIES + 1]):
        published = index < REPLIES
        body = {"ParentId": case, "CommentBody": ANSWER if published else NOTE, "IsPublished": published}
        requests.post(url, json=body, headers=headers, timeout=TIMEOUT).raise_for_status()
    return min(len(cases), REPLIES)


def _number(row: Mapping[str, Any]) -> int:
    return int(row["PurchaseOrderByCustomer"].removeprefix("#"))


def _past_the_door(stand_ins: StandIns) -> Sap:
    return stand_ins.sap(stand_ins["erp"].behind)


def _as_an_agent(stand_ins: StandIns) -> dict[str, Any]:
    """Return the CRM's settings for somebody whose changes the stand-in does not count."""
    settings = {"client_id": SCRIPT_ID, "client_secret": CLIENT_SECRET, "base_url": stand_ins["crm"].behind}
    return {"settings": settings}
