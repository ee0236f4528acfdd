"""The floor: the least anybody does with such a record. Fetch, parse, flatten, insert; no promise is kept."""

import sqlite3
from pathlib import Path
from typing import Any

import orjson
import requests

from sandbox.bench.server import PAGE


def flat(record: dict[str, Any], into: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Put every leaf of a record into one flat dict by its dotted name."""
    for name, value in record.items():
        kind = type(value)
        if kind is dict:
            flat(value, into, f"{prefix}{name}.")
        elif kind is list:
            for place, item in enumerate(value):
                flat(item, into, f"{prefix}{name}.{place}.")
        else:
            into[prefix + name] = value
    return into


def floor(url: str, total: int, folder: Path) -> int:
    """Read every partner and insert it flat; return how many."""
    database = sqlite3.connect(folder / "floor.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE partner (key TEXT PRIMARY KEY, content TEXT)")
    session, count = requests.Session(), 0
    for first in range(0, total, PAGE):
        rows = orjson.loads(session.get(f"{url}/?first={first}").content)["d"]["results"]
        with database:
            for row in rows:
                database.execute(
                    "INSERT INTO partner VALUES (?, ?)",
                    (row["BusinessPartner"], orjson.dumps(flat(row, {}))),
                )
        count += len(rows)
    database.close()
    return count
