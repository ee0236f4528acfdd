"""Which model the store's records are compared by: the last one that was taken into use, kept whole.

Bits of two models cannot be compared, so whoever takes records in asks here first, in the same transaction.
"""

from typing import NamedTuple

from sqlalchemy import Connection, select

from crossroads.errors import ConfigError
from crossroads.identity.model import Model
from crossroads.identity.online.nodes import speaking
from crossroads.store.session import table
from crossroads.store.tables import AdoptedModel

FEWEST = 1_000
"""Of fewer records nothing reliable was ever seen learnt."""

GROWN = 2
"""A model that was learnt of so many times fewer or more records fits no more: how sure is sure enough follows their number."""


class Adoption(NamedTuple):
    """Since when a model was in use, who took it into use, and why."""

    version: str
    at: str
    actor: str
    why: str


def in_use(db: Connection) -> str | None:
    """Return the version of the model in use; a store that has compared nothing yet has none."""
    rows = table(AdoptedModel)
    return db.execute(select(rows.c.version).order_by(rows.c.number.desc()).limit(1)).scalar()


def kept(db: Connection, version: str) -> Model:
    """Return a model that is or was in use."""
    rows = table(AdoptedModel)
    query = select(rows.c.content).where(rows.c.version == version).order_by(rows.c.number.desc()).limit(1)
    content = db.execute(query).scalar()
    if content is None:
        raise ConfigError(
            f"No model {version} was ever in use here; `crossroads identity models` lists those that were."
        )
    model = Model.model_validate_json(content)
    if problems := model.problems():
        raise ConfigError(
            f"Model {version} is of another release: {'; '.join(problems)}. Learn one by `crossroads identity learn` and take it "
            "into use by `crossroads identity adopt`."
        )
    return model


def keep(db: Connection, model: Model, *, actor: str, why: str, at: str) -> None:
    """Take a model into use for whatever is compared from now on."""
    values = {"version": model.version, "content": model.packed(), "at": at, "actor": actor, "why": why}
    db.execute(table(AdoptedModel).insert().values(values))


def adoptions(db: Connection) -> list[Adoption]:
    """Return every model that is or was in use, the newest first."""
    rows = table(AdoptedModel)
    query = select(rows.c.version, rows.c.at, rows.c.actor, rows.c.why).order_by(rows.c.number.desc())
    return [Adoption._make(row) for row in db.execute(query)]


def fits(model: Model, records: int) -> bool:
    """Tell whether a model may be used for so many records that say something; a general one may for any number."""
    return model.general or records / GROWN <= model.records <= records * GROWN


def advice(db: Connection) -> str | None:
    """Return what to do about the model in use, if anything."""
    version = in_use(db)
    if version is None:
        return None
    model, records = kept(db, version), speaking(db)
    if model.general:
        if records < FEWEST:
            return None
        return (
            f"Customers are known by a model that is nobody's own; the {records:,} records they have can teach a better one: "
            "`crossroads identity learn`."
        )
    if fits(model, records):
        return None
    return (
        f"Customers are known by a model of {model.records:,} records, and have {records:,} by now: "
        "`crossroads identity learn` learns anew."
    )
