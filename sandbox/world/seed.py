"""The world in three vendors' own shapes: what our simulators are started with."""

from datetime import datetime
from typing import Any

from sandbox.serve import Seed
from sandbox.world.truth import Held, Order, World

# Keeps the ids of members apart from those of topics and posts.
TOPIC, POST = 100, 1000


def salesforce(world: World) -> Seed:
    """Contacts as an org keeps them; cases come with the conversations."""
    return {"contacts": [_contact(held) for held in world.held("crm")], "cases": [], "case_comments": []}


def _contact(held: Held) -> dict[str, Any]:
    stamp = held.changed.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    address = held.address
    return _said(
        Id=held.key,
        FirstName=held.given_name,
        LastName=held.family_name,
        Email=held.email,
        MobilePhone=held.mobile,
        MailingStreet=address and address.street,
        MailingPostalCode=address and address.postal_code,
        MailingCity=address and address.city,
        MailingCountryCode=address and address.country,
        ERP_Number__c=held.erp_number,
        Mastodon_Handle__c=held.handle,
        CreatedDate=stamp,
        LastModifiedDate=stamp,
        SystemModstamp=stamp,
    )


def shopify(world: World) -> Seed:
    """Customers and orders as a shop keeps them."""
    return {
        "customers": [_customer(held) for held in world.held("shop")],
        "orders": [
            _web_order(index, order) for index, order in enumerate(world.orders) if order.connection == "shop"
        ],
    }


def _customer(held: Held) -> dict[str, Any]:
    address = held.address
    return _said(
        id=f"gid://shopify/Customer/{held.key}",
        firstName=held.given_name,
        lastName=held.family_name,
        defaultEmailAddress=held.email and {"emailAddress": held.email},
        defaultPhoneNumber=held.mobile and {"phoneNumber": held.mobile},
        defaultAddress=address
        and {
            "address1": address.street,
            "zip": address.postal_code,
            "city": address.city,
            "countryCodeV2": address.country,
        },
        locale=held.language,
        createdAt=held.changed.isoformat(),
        updatedAt=held.changed.isoformat(),
    )


def _web_order(index: int, order: Order) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Order/{8_000_000_000 + index}",
        "name": order.number,
        "customer": {"id": f"gid://shopify/Customer/{order.customer}"},
        "currencyCode": order.currency,
        "displayFinancialStatus": "PAID",
        "createdAt": order.placed.isoformat(),
        "lineItems": [
            {
                "sku": line.sku,
                "title": line.name,
                "quantity": line.quantity,
                "originalUnitPriceSet": {"shopMoney": {"amount": line.price, "currencyCode": order.currency}},
            }
            for line in order.lines
        ],
    }


def discourse(world: World) -> Seed:
    """Members and posts as a forum keeps them."""
    users = [
        {
            "id": int(held.key),
            "username": f"member{held.key}",
            "name": f"{held.given_name} {held.family_name}",
            "email": held.email,
            "created_at": _instant(held.changed),
            "last_seen_at": _instant(held.changed),
        }
        for held in world.held("community")
    ]
    written = [message for message in world.messages if message.connection == "community"]
    topics = [{"id": TOPIC + index, "title": f"Question {TOPIC + index}"} for index, _ in enumerate(written)]
    posts = [
        {
            "id": POST + index,
            "topic_id": TOPIC + index,
            "username": f"member{message.author}",
            "raw": message.text,
            "created_at": _instant(message.written),
        }
        for index, message in enumerate(written)
    ]
    return {"users": users, "topics": topics, "posts": posts}


def _said(**fields: Any) -> dict[str, Any]:
    """Leave out what a record does not say."""
    return {name: value for name, value in fields.items() if value is not None}


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
