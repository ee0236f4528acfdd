"""Who is one person: each record as it is compared, the keys it is found by, likely pairs, and the model that weighs them."""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

LARGE = BigInteger().with_variant(Integer(), "sqlite")  # whose numbers are of any size


class Node(SQLModel, table=True):
    """A record as it is compared with others; `cluster` is the number of its person's first record, 0 of who has no other.

    `person` is what it says, normalised; of that, `hidden` is nobody's own, a bit each for every statement: the e-mail
    address, the telephone, other keys, the birthday, the name, the address.
    """

    __tablename__ = "node"
    __table_args__ = (Index("node_cluster", "cluster"),)
    number: int | None = Field(default=None, primary_key=True)
    address: str = Field(unique=True)
    person: str
    hidden: int = Field(default=0, sa_type=LARGE)
    cluster: int = 0


class Block(SQLModel, table=True):
    """A key that a record carries; records that share one are compared."""

    __tablename__ = "block"
    __table_args__ = ({"sqlite_with_rowid": False},)
    key: int = Field(primary_key=True, sa_type=BigInteger)
    node: int = Field(primary_key=True)


class Retired(SQLModel, table=True):
    """A key that too many records carry to say who they are."""

    __tablename__ = "retired"
    key: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


class Edge(SQLModel, table=True):
    """Two records that are rather one person's than not, and how much more likely, in bits; `a` is the lower number."""

    __tablename__ = "edge"
    __table_args__ = (Index("edge_b", "b"), {"sqlite_with_rowid": False})
    a: int = Field(primary_key=True)
    b: int = Field(primary_key=True)
    bits: float


class AdoptedModel(SQLModel, table=True):
    """A model by which records were compared from `at` on, whole, who took it into use and why; the last one is in use."""

    __tablename__ = "adopted_model"
    number: int | None = Field(default=None, primary_key=True)
    version: str
    content: bytes = Field(sa_type=LargeBinary)
    at: str
    actor: str
    why: str
