"""SOQL texts: values quoted, times as SOQL writes them."""

from collections.abc import Sequence
from datetime import UTC, datetime


def select(fields: Sequence[str], source: str, *conditions: str, order: str = "") -> str:
    """Return a query; empty conditions are left out.

    >>> select(["Id"], "Contact", "", "Email != null", order="Id")
    'SELECT Id FROM Contact WHERE Email != null ORDER BY Id'
    """
    wanted = " AND ".join(f"({each})" if " OR " in each else each for each in conditions if each)
    where = f" WHERE {wanted}" if wanted else ""
    ordered = f" ORDER BY {order}" if order else ""
    return f"SELECT {', '.join(fields)} FROM {source}{where}{ordered}"  # noqa: S608 - SOQL only reads


def quoted(text: str) -> str:
    r"""Return a text as a SOQL literal.

    >>> quoted("O'Neil")
    "'O\\'Neil'"
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def instant(moment: datetime) -> str:
    """Return a time as SOQL and Get Deleted take it, in UTC and whole seconds.

    >>> instant(datetime(2026, 11, 22, 10, tzinfo=UTC))
    '2026-11-22T10:00:00Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """Return a time that Salesforce wrote: "2026-11-22T10:00:00.000+0000"."""
    return datetime.fromisoformat(text)
