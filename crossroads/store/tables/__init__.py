"""The tables of the store: what each system says, who is who, what we decided, what we sent, and how each run ended.

Instants are RFC 3339 text in UTC with six decimals, so that text order is time order on every database; JSON
is text. Ids are UUIDv7 text. Personal data lives here and nowhere else: not in Airflow's database, not in
logs.
"""

from crossroads.store.tables.persons import (
    Assertion,
    Decision,
    IdentityKey,
    Lineage,
    Link,
    Naming,
    Profile,
    Renamed,
    Review,
    SettledBy,
)
from crossroads.store.tables.resolved import AdoptedModel, Block, Edge, Node, Retired
from crossroads.store.tables.runs import Drift, Entry, Lease, Page, Reconciliation, Run, Step
from crossroads.store.tables.said import Contribution, Deletion, Dictionary, SourceField, StreamState, Turn
from crossroads.store.tables.sent import (
    DOUBT_WORDS,
    OPEN_WORDS,
    Due,
    Intent,
    Notice,
    Parked,
    Rejected,
    Repair,
)

__all__ = [
    "DOUBT_WORDS",
    "OPEN_WORDS",
    "AdoptedModel",
    "Assertion",
    "Block",
    "Contribution",
    "Decision",
    "Deletion",
    "Dictionary",
    "Drift",
    "Due",
    "Edge",
    "Entry",
    "IdentityKey",
    "Intent",
    "Lease",
    "Lineage",
    "Link",
    "Naming",
    "Node",
    "Notice",
    "Page",
    "Parked",
    "Profile",
    "Reconciliation",
    "Rejected",
    "Renamed",
    "Repair",
    "Retired",
    "Review",
    "Run",
    "SettledBy",
    "SourceField",
    "Step",
    "StreamState",
    "Turn",
]
