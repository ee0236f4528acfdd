"""Who is who, what is golden of each, and what people decided about it."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class IdentityKey(SQLModel, table=True):
    """A value that identifies, and the contributions that carry it."""

    __tablename__ = "identity_key"
    __table_args__ = (Index("identity_key_contribution", "contribution"),)
    key: str = Field(primary_key=True)
    contribution: str = Field(primary_key=True)


class Assertion(SQLModel, table=True):
    """A fact about two records that no later run may forget; `a` and `b` are record addresses.

    `created`: we made one for the other; `must` and `cannot`: a person, the `actor`, says that they are one, or are not. `over`
    is the kind that stood here before a person spoke.
    """

    __tablename__ = "assertion"
    __table_args__ = (Index("assertion_b", "b"),)
    a: str = Field(primary_key=True)
    b: str = Field(primary_key=True)
    kind: str
    why: str
    at: str
    actor: str = Field(default="", sa_column_kwargs={"server_default": ""})
    over: str = Field(default="", sa_column_kwargs={"server_default": ""})


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


class Naming(SQLModel, table=True):
    """A golden record that names, or once named, a record of another entity: an order its customer, by the record's address."""

    __tablename__ = "naming"
    address: str = Field(primary_key=True)
    profile: str = Field(primary_key=True)
    entity: str


class Renamed(SQLModel, table=True):
    """A golden record that names one who is somebody else since, or came to be somewhere: its targets are to be planned anew."""

    __tablename__ = "renamed"
    id: str = Field(primary_key=True)
    entity: str = Field(index=True)
    profile: str


class SettledBy(SQLModel, table=True):
    """The rules of who wins, by their digest, by which all profiles of an entity were settled."""

    __tablename__ = "settled_by"
    entity: str = Field(primary_key=True)
    policy: str
    at: str
