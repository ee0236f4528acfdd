"""The tables of the store: what each system says, who is who, what we decided, what we sent, and how each run ended.

Instants are RFC 3339 text in UTC with six decimals, so that text order is time order on every database; JSON
is text. Ids are UUIDv7 text. Personal data lives here and nowhere else: not in Airflow's database, not in
logs.
"""

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

OPEN_WORDS = "state in ('planned', 'sent', 'unknown')"
"""The intents whose outcome is not known, in the words of the index over them."""


class StreamState(SQLModel, table=True):
    """Where reading a stream was left, which installation the cursor belongs to, and the mapping that last read it whole."""

    __tablename__ = "stream_state"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    system: str
    origin: str
    cursor: str = "{}"
    mapping: str | None = None


class Dictionary(SQLModel, table=True):
    """A compression dictionary trained on the first records of a stream; raw copies name the one they need."""

    __tablename__ = "dictionary"
    id: int | None = Field(default=None, primary_key=True)
    connection: str
    stream: str
    content: bytes = Field(sa_type=LargeBinary)


class Contribution(SQLModel, table=True):
    """What one system holds of one record, and what it said itself.

    `holds` is the document as the system has it now. `echo` lists the fields whose present value came from
    us, as path -> [value we wrote, value the system shows for it, when it was said]; for those, `said` keeps what the system
    itself had said before. `since` has the time of each field that changed later than `said_at`. A field the
    system emptied is there with null; one it never filled is absent. `blocked` names the field that locks the record, or
    says `absent` if its system hides it.
    """

    __tablename__ = "contribution"
    __table_args__ = (
        UniqueConstraint("connection", "stream", "key"),
        Index(
            "contribution_dirty",
            "entity",
            "dirty",
            sqlite_where=text("dirty > 0"),
            postgresql_where=text("dirty > 0"),
        ),
    )
    id: str = Field(primary_key=True)
    entity: str
    connection: str
    stream: str
    key: str
    version: str | None = None
    digest: str
    mapping: str
    holds: str
    said: str | None = None
    echo: str | None = None
    since: str | None = None
    said_at: str
    changed_at: str | None = None
    raw: bytes = Field(sa_type=LargeBinary)
    dictionary: int | None = None
    signature: str = ""
    gone: bool = False
    blocked: str | None = None
    dirty: int = 1
    run: str


class Deletion(SQLModel, table=True):
    """A record that is said to be deleted, until the read that said so has been weighed as a whole.

    `how` is native, tombstones or absent. told -> (marked, and no row any more) | held; a person makes held approved or
    refused. The row goes when the record is seen again.
    """

    __tablename__ = "deletion"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    how: str
    state: str = "told"
    at: str
    run: str
    decided_by: str | None = None
    decided_at: str | None = None


class IdentityKey(SQLModel, table=True):
    """A value that identifies, and the contributions that carry it."""

    __tablename__ = "identity_key"
    __table_args__ = (Index("identity_key_contribution", "contribution"),)
    key: str = Field(primary_key=True)
    contribution: str = Field(primary_key=True)


class Assertion(SQLModel, table=True):
    """A fact about two records that no later run may forget; `a` and `b` are record addresses.

    `created`: we made one for the other; `must` and `cannot`: a person says that they are one, or are not.
    """

    __tablename__ = "assertion"
    a: str = Field(primary_key=True)
    b: str = Field(primary_key=True)
    kind: str
    why: str
    at: str


class Decision(SQLModel, table=True):
    """A person's word that one record is right about one field, or one group of fields decided together.

    Keyed by record address, so it survives merges and re-linking. `known` has, for every record that said something of the
    field then, a digest of what it said and when: the decision holds until one of them says something new.
    """

    __tablename__ = "decision"
    record: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    entity: str
    known: str
    at: str
    actor: str
    why: str


class Review(SQLModel, table=True):
    """A field of a profile on which records differ and whose rule is to ask: it waits for a decision."""

    __tablename__ = "review"
    profile: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    entity: str
    at: str
    run: str


class Link(SQLModel, table=True):
    """Which profile a contribution belongs to, and the evidence."""

    __tablename__ = "link"
    __table_args__ = (Index("link_profile", "profile"),)
    contribution: str = Field(primary_key=True)
    profile: str
    evidence: str
    at: str
    run: str


class Profile(SQLModel, table=True):
    """The golden record: its document, and for every field the source, rule, time, run and mapping that put it there.

    `provenance` is path -> [contribution id, rule, time of the value, run, mapping version].
    """

    __tablename__ = "profile"
    id: str = Field(primary_key=True)
    entity: str = Field(index=True)
    document: str
    provenance: str
    settled_at: str
    run: str


class Lineage(SQLModel, table=True):
    """What became of a profile id: merged into another, or split off from it."""

    __tablename__ = "lineage"
    id: str = Field(primary_key=True)
    kind: str
    before: str = Field(index=True)
    after: str
    at: str
    run: str


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


class SourceField(SQLModel, table=True):
    """A path of a stream's records: with what JSON types it came, and whether people know of it.

    Lists are `[]`, keys that are data `*`. `state` is approved, new, retyped (it came with a type beyond
    `approved_types`) or missing. `named` tells whether the mapping reads it; what it does not is kept in the raw copy.
    `seen` records had it, of those looked at from `counted_from` to `last_at`, a running number in its stream.
    """

    __tablename__ = "source_field"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    types: str
    approved_types: str = "[]"
    state: str
    named: bool = False
    seen: int = 0
    counted_from: int = 0
    last_at: int = 0
    first_seen: str
    last_seen: str
    raised_at: str | None = None
    approved_by: str | None = None
    approved_at: str | None = None


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
