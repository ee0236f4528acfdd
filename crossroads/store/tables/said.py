"""What each system says: its records as we last saw them, where reading was left, and the fields it sends."""

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class StreamState(SQLModel, table=True):
    """Where reading a stream was left, which installation the cursor belongs to, and the mapping that last read it whole."""

    __tablename__ = "stream_state"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    system: str
    origin: str
    cursor: str = "{}"
    mapping: str | None = None


class Turn(SQLModel, table=True):
    """How many transactions have stored records of a stream: what was stored after a question was asked has a later turn."""

    __tablename__ = "turn"
    connection: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    number: int


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
    itself had said before. `since` has the time of each field that changed later than `said_at`, and of those that were
    said by a line which the mapping has no more. A field the system emptied, or whose list item it took out, is there
    with null; one it never filled is absent. `blocked` names the field that locks the record, or
    says `absent` if its system hides it. `replaced` keeps what the system showed in labelled fields before, as path ->
    [[value, when it was replaced]]. `turn` is the turn of its stream in which it was stored last.
    `words` is a digest of what `signature` was made from.
    """

    __tablename__ = "contribution"
    __table_args__ = (
        UniqueConstraint("connection", "stream", "key"),
        Index(
            "contribution_dirty",
            "entity",
            "id",
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
    replaced: str | None = None
    raw: bytes = Field(sa_type=LargeBinary)
    dictionary: int | None = None
    signature: str = ""
    words: str | None = None
    gone: bool = False
    blocked: str | None = None
    dirty: int = 1
    turn: int = 0
    run: str


class Deletion(SQLModel, table=True):
    """A record that is said to be deleted, until the read that said so has been weighed as a whole.

    `how` is native, tombstones or absent. told -> (marked, and no row any more) | held; a person makes held approved or
    refused. Of a record we do not know it is early, and told once the record turns out to be ours. The row goes when the
    record is seen again.
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
