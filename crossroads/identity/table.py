"""People in a file of anybody's: which column is which is said in a FIELDS.yaml, and each record becomes a `Person`."""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import islice
from pathlib import Path

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from crossroads.errors import ConfigError
from crossroads.identity import normal
from crossroads.identity.document import parted
from crossroads.identity.person import Person

PER_STEP = 10_000
FORMS = {
    "birth_date": "dates are read as 1956-04-09, 9.4.1956, 9/4/1956 (day first), 19560409 and 9 Apr 1956",
    "email": "addresses are read as ann@lee.example",
    "phone": "numbers are read from six figures on",
}
"""What may be in a form that is not known, and which are."""
MOST_LOST = 0.1
Row = tuple[str | None, ...]


class Fields(BaseModel):
    """Which column says what; `name` is a name in one piece, `others` any further columns that tell people apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    given: str | None = None
    family: str | None = None
    family2: str | None = None
    name: str | None = None
    birth_date: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    house: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    tax_id: str | None = None
    other: str | Sequence[str] = ()

    @classmethod
    def load(cls, path: Path) -> "Fields":
        """Read which column is which."""
        try:
            found = cls.model_validate(yaml.safe_load(path.read_text("utf-8-sig")))
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise ConfigError(f"{path}: {told}. Known are {', '.join(cls.model_fields)}.") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path} cannot be read: {type(error).__name__}.") from None
        if found.columns() == [found.id]:
            raise ConfigError(
                f"{path} names the id and nothing that tells people apart. Known are {', '.join(cls.model_fields)}."
            )
        return found

    @property
    def others(self) -> tuple[str, ...]:
        """The further columns."""
        return (self.other,) if isinstance(self.other, str) else tuple(self.other)

    def columns(self) -> list[str]:
        """Return every column that is named."""
        named = [getattr(self, name) for name in type(self).model_fields if name != "other"]
        return [*dict.fromkeys([*filter(None, named), *self.others])]

    def reader(self, surnames: Container[str] = ()) -> Callable[[Row], Person]:
        """Return what makes a person of a row that has the values of `columns()` in their order.

        `surnames` are words that are a surname in front of another one, in a name in one piece.
        """
        places = {name: place for place, name in enumerate(self.columns())}
        at = {field: places[name] for field, name in self if field != "other" and name}
        others = [places[name] for name in self.others]

        def person(row: Row) -> Person:
            def said(field: str) -> str:
                place = at.get(field)
                return (row[place] or "").strip() if place is not None else ""

            given, family, family2 = (
                normal.full_name(said("name"), surnames) if "name" in at else (None, None, None)
            )
            first, second = normal.surnames(said("family"))
            street, house = said("street"), said("house")
            if "house" not in at:  # then it stands beside the street, if anywhere
                street, house = parted(street)
            return Person(
                given=normal.given_name(said("given")) or given,
                family=first or family,
                family2=normal.surnames(said("family2"))[0] or second or family2,
                birth_date=normal.day(said("birth_date")),
                email=normal.email(said("email")),
                phone=normal.phone(said("phone"), said("country") or None),
                street=normal.street(street),
                house=normal.squeezed(house),
                postcode=normal.squeezed(said("postcode")),
                city=normal.plain(said("city")),
                tax_id=normal.squeezed(said("tax_id")),
                others=tuple(normal.plain(row[place] or "") for place in others),
            )

        return person


def read(path: Path, fields: Fields) -> Iterator[tuple[str, Person]]:
    """Yield the records of a CSV or Parquet file with their ids."""
    names = (row[0] for row in rows(path, [fields.name])) if fields.name else ()
    person = fields.reader(normal.middle_surnames(name for name in names if name))
    for row in rows(path, fields.columns()):
        name = row[0]
        if not name:
            raise ConfigError(f"{path}: column {fields.id!r} is empty in some rows; an id names one record.")
        yield name, person(row)


def not_understood(path: Path, fields: Fields) -> dict[str, float]:
    """Return the fields of which more than one value in ten is in no form that is known, and how large a share is lost."""
    said, lost = Counter[str](), Counter[str]()
    columns = fields.columns()
    places = {name: columns.index(column) for name in FORMS if (column := getattr(fields, name))}
    person = fields.reader()
    for row in islice(rows(path, columns), PER_STEP):
        found = person(row)
        for field, place in places.items():
            text = (row[place] or "").strip()
            if text and not normal.stands_for_nothing(text):
                said[field] += 1
                lost[field] += getattr(found, field) is None
    return {field: lost[field] / said[field] for field in said if lost[field] > MOST_LOST * said[field]}


def rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a file, every value as text."""
    parquet = path.suffix.lower() == ".parquet"
    source = "read_parquet(?)" if parquet else "read_csv(?, all_varchar = true)"
    made = duckdb.connect()
    try:
        described = made.execute(f"DESCRIBE SELECT * FROM {source}", [str(path)])  # noqa: S608
        there = [row[0] for row in described.fetchall()]
        if missing := [name for name in columns if name not in there]:
            raise ConfigError(f"{path} has no column {', '.join(missing)}; it has {', '.join(there)}.")
        chosen = ", ".join(f'CAST("{name.replace(chr(34), chr(34) * 2)}" AS VARCHAR)' for name in columns)
        answer = made.execute(f"SELECT {chosen} FROM {source}", [str(path)])  # noqa: S608
        while some := answer.fetchmany(PER_STEP):
            yield from some
    except duckdb.Error as error:
        wanted = "Parquet" if parquet else "CSV in UTF-8, with a line of column names"
        raise ConfigError(f"{path} cannot be read as {wanted}: {type(error).__name__}.") from None
    finally:
        made.close()
