"""How each run ended, what a comparison found, who works where, and the journal."""

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel


class Run(SQLModel, table=True):
    """One run of one sync, however many attempts its tasks took."""

    __tablename__ = "run"
    id: str = Field(primary_key=True)
    sync: str = Field(index=True)
    entity: str
    full: bool = False
    state: str = "running"
    started_at: str
    ended_at: str | None = None
    summary: str = "{}"
    airflow: str = "{}"


class Step(SQLModel, table=True):
    """One step of a run for one member: how far it is, and why not further."""

    __tablename__ = "step"
    run: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    member: str = Field(primary_key=True)
    state: str
    compared: bool = False
    attempts: int = 1
    error: str | None = None
    started_at: str
    ended_at: str | None = None


class Page(SQLModel, table=True):
    """How the records of one page (pull) or one group of writes (push) ended: outcome -> keys, compressed JSON.

    `entered` counts the records that this page brought into the step for the first time in the run, whatever became of
    them; `outcomes` lists those without an outcome yet as "entered".
    """

    __tablename__ = "page"
    run: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    member: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    entered: int
    outcomes: bytes = Field(sa_type=LargeBinary)


class Reconciliation(SQLModel, table=True):
    """One comparison of a sync's systems with the store: `summary` has its counts by stream; without `ended_at` it was killed.

    `agrees` is None where a system could not be asked and the others agree.
    """

    __tablename__ = "reconciliation"
    id: str = Field(primary_key=True)
    sync: str = Field(index=True)
    entity: str
    agrees: bool | None = None
    started_at: str
    ended_at: str | None = None
    summary: str = "{}"


class Drift(SQLModel, table=True):
    """One thing on which a system, the store and the golden profiles do not agree, from the first comparison that saw it on.

    `name` is a record's key, or a profile where there is no record. `fields` name what differs, never a value; `digest` is
    the content that the system showed. `disagrees` tells what makes systems disagree from what is only worth knowing. `run`
    is the reconciliation that saw it last; it ends with the first one that does not see it any more.
    """

    __tablename__ = "drift"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    profile: str | None = None
    fields: str = "[]"
    why: str = ""
    disagrees: bool = True
    digest: str = ""
    first_seen: str
    last_seen: str
    ended_at: str | None = None
    run: str


class Lease(SQLModel, table=True):
    """Who may work on something; the fence grows with every holder."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    fence: int
    owner: str
    until: str


class Entry(SQLModel, table=True):
    """One line of the journal, chained to the one before by its hash.

    The hash covers `digest`, a salted digest of `body`, not the body itself: a body can be erased and the
    chain still verifies.
    """

    __tablename__ = "journal"
    __table_args__ = (Index("journal_subject", "subject"),)
    seq: int = Field(primary_key=True)
    at: str
    run: str
    kind: str
    subject: str
    body: str | None
    salt: str
    digest: str
    hash: str
