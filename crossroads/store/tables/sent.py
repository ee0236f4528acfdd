"""What targets are to hear and what became of it, what was set aside, and what waits."""

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

OPEN_WORDS = "state in ('planned', 'sent', 'unknown')"
"""The intents whose outcome is not known, in the words of the index over them."""

DOUBT_WORDS = "(state in ('sent', 'unknown') or (state = 'planned' and slot = '' and attempts > 0))"
"""The intents that may have been done without our knowing: no answer yet, or a create to be repeated."""


class Due(SQLModel, table=True):
    """A profile that a target stream may have to hear about."""

    __tablename__ = "due"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    profile: str = Field(primary_key=True)


class Intent(SQLModel, table=True):
    """The write ledger: one intended write, from plan to known outcome.

    planned -> sent -> written | rejected | unknown | superseded. `slot` is the target's key, or empty for a
    create: one open intent at most per profile, stream and slot. `fence` grows with every claim; a result is
    recorded only under the fence it was claimed with. From `quiet_at` on no request of an attempt that got no
    answer can be running on the other side any more.
    """

    __tablename__ = "intent"
    __table_args__ = (
        Index("intent_state", "connection", "stream", "state", "id"),
        Index(
            "intent_open",
            "connection",
            "stream",
            "profile",
            "slot",
            unique=True,
            sqlite_where=text(OPEN_WORDS),
            postgresql_where=text(OPEN_WORDS),
        ),
        Index(
            "intent_doubt",
            "connection",
            "stream",
            "profile",
            sqlite_where=text(DOUBT_WORDS),
            postgresql_where=text(DOUBT_WORDS),
        ),
    )
    id: str = Field(primary_key=True)
    entity: str
    connection: str
    stream: str
    profile: str
    slot: str = ""
    state: str = "planned"
    document: str
    patch: str
    reference: str | None = None
    version: str | None = None
    reasons: str | None = None
    attempts: int = 0
    fence: int = 0
    lease_until: str | None = None
    owner: str | None = None
    sent_at: str | None = None
    quiet_at: str | None = None
    planned_at: str
    ended_at: str | None = None
    run: str


class Rejected(SQLModel, table=True):
    """A record that was set aside with every reason; the original is kept. `step` is pull or push."""

    __tablename__ = "rejected"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    reasons: str
    raw: bytes | None = Field(default=None, sa_type=LargeBinary)
    digest: str = ""
    at: str
    run: str


class Repair(SQLModel, table=True):
    """What a person did about a record that was set aside, or a write that was refused; the original is kept.

    A record was edited (`open`), and then read so (`applied`), refused in that form too, or `overtaken` by a newer word of
    its system; a write was made due again (`sent`); either was set aside for good (`dropped`). `digest` is that of the
    original: as long as the system shows that content, an applied repair stands for it.
    """

    __tablename__ = "repair"
    __table_args__ = (Index("repair_place", "connection", "stream", "key"),)
    id: str = Field(primary_key=True)
    connection: str
    stream: str
    key: str
    step: str
    state: str
    digest: str
    original: bytes | None = Field(default=None, sa_type=LargeBinary)
    edited: bytes | None = Field(default=None, sa_type=LargeBinary)
    difference: str = "{}"
    reasons: str = "[]"
    actor: str
    why: str
    mapping: str
    at: str
    ended_at: str | None = None
    run: str | None = None


class Notice(SQLModel, table=True):
    """One field of a record that was set aside, or was remarkable, while the record went on."""

    __tablename__ = "notice"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    reason: str
    at: str
    run: str


class Parked(SQLModel, table=True):
    """Something that waits: `what` (a record's key or a profile) for a parent, a person or an outcome, named by `waits_for`."""

    __tablename__ = "parked"
    __table_args__ = (Index("parked_waits_for", "waits_for"),)
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    entity: str
    reason: str
    waits_for: str
    at: str
    run: str
