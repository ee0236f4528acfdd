"""An order with its lines."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from crossroads.canonical.common import Canonical


class Line(Canonical):
    """One order line; its label is the article number (and `/2` for the second line of the same article)."""

    sku: str | None = None
    name: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None


class Order(Canonical):
    """An order, after schema.org; `customer` refers to a customer, `reference` is the number both sides know it by."""

    reference: str | None = None
    number: str | None = None
    customer: str | None = None
    placed_at: datetime | None = None
    currency: str | None = None
    net_total: Decimal | None = None
    gross_total: Decimal | None = None
    status: Literal["open", "in_process", "completed", "cancelled"] | None = None
    delivery_status: Literal["open", "partial", "delivered"] | None = None
    channel: str | None = None
    lines: dict[str, Line] = {}
    extensions: dict[str, dict[str, str]] = {}
