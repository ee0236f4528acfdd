"""Something said or done between a customer and us, on whatever channel."""

from datetime import datetime
from typing import Literal

from crossroads.canonical.common import Canonical


class Interaction(Canonical):
    """A message, post or case; verbs after Activity Streams 2.0.

    `reference` names it across systems ("mastodon:1142"); `author` refers to a customer, `in_reply_to` to another interaction.
    """

    reference: str | None = None
    verb: Literal["create", "update", "delete", "like", "announce", "accept", "flag"] | None = None
    channel_class: (
        Literal["crm", "ecommerce", "social", "community", "contact_centre", "email", "phone", "web"] | None
    ) = None
    channel: str | None = None
    direction: Literal["inbound", "outbound", "internal", "peer"] | None = None
    visibility: Literal["public", "private", "restricted"] | None = None
    author: str | None = None
    author_handle: str | None = None
    in_reply_to: str | None = None
    conversation: str | None = None
    subject: str | None = None
    content: str | None = None
    language: str | None = None
    url: str | None = None
    occurred_at: datetime | None = None
    case_status: Literal["new", "working", "escalated", "closed"] | None = None
    case_priority: Literal["low", "medium", "high"] | None = None
    extensions: dict[str, dict[str, str]] = {}
