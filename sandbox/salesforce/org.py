"""The org's records: kept in memory, checked before they are saved, counted when they change."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sandbox.salesforce import ids, validate
from sandbox.salesforce.errors import RowRefused
from sandbox.salesforce.schema import OBJECTS, Object
from sandbox.salesforce.soql import instant
from sandbox.serve import Seed


class Org:
    """Everything one org holds."""

    def __init__(self, seed: Seed | None) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in OBJECTS}
        self.external: dict[str, dict[str, str]] = {name: {} for name in OBJECTS}
        self.deleted: dict[str, list[tuple[str, str]]] = {name: [] for name in OBJECTS}
        self.bin: dict[str, tuple[Object, dict[str, Any]]] = {}
        self.log_begins = ""
        self.locked: Counter[str] = Counter()
        self.creates = 0
        self.updates = 0
        self.by_key: Counter[str] = Counter()
        self.counting = True
        self._number = 0
        known = {kind.collection: kind for kind in OBJECTS.values()}
        for collection, records in (seed or {}).items():
            for record in records:
                self._load(known[collection], record)

    def _load(self, kind: Object, record: dict[str, Any]) -> None:
        """Take a seeded record as it is: an org holds old records that today's checks would refuse."""
        unknown = record.keys() - kind.fields.keys() - {"attributes"}
        if unknown:
            raise ValueError(f"{kind.name} has no field {sorted(unknown)}: correct the seed")
        row = self._blank(kind) | record
        row.pop("attributes", None)
        row["Id"] = ids.normal(row["Id"]) or self._next_id(kind)
        changed = row["SystemModstamp"] or row["LastModifiedDate"] or row["CreatedDate"]
        changed = instant(changed) if changed else now()
        for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"):
            row[name] = instant(row[name]) if row[name] else changed
        self._derive(kind, row)
        self._keep(kind, row)

    def create(self, kind: Object, values: dict[str, Any]) -> str:
        """Save a new row and return its id."""
        row = self._blank(kind) | validate.clean(kind, values, creating=True)
        row["Id"] = self._next_id(kind)
        row["CreatedDate"] = row["LastModifiedDate"] = row["SystemModstamp"] = now()
        self._check(kind, row)
        self._keep(kind, row)
        if self.counting:
            self.creates += 1
            self.by_key[row["Id"]] += 1
        return str(row["Id"])

    def update(self, kind: Object, key: object, values: dict[str, Any]) -> str:
        """Save changed fields of a row; as in a real org its time stamps move even when nothing differs."""
        row = self.row(kind, key)
        if self.locked[row["Id"]]:
            self.locked[row["Id"]] -= 1
            raise RowRefused(
                "UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record: {row['Id']}"
            )
        changed = row | validate.clean(kind, values, creating=False)
        changed["LastModifiedDate"] = changed["SystemModstamp"] = now()
        self._check(kind, changed)
        self._forget(kind, row)
        self._keep(kind, changed)
        if self.counting:
            self.updates += 1
            self.by_key[row["Id"]] += 1
        return str(row["Id"])

    def upsert(self, kind: Object, name: str, values: dict[str, Any]) -> tuple[str, bool]:
        """Save a row by its external id; return its id and whether it is new."""
        value = values.get(name)
        if not value:
            raise RowRefused("MISSING_ARGUMENT", f"{name} not specified", name)
        held = self.external[kind.name].get(str(value).lower())
        if held is None:
            return self.create(kind, values), True
        return self.update(
            kind, held, {field: said for field, said in values.items() if field != name}
        ), False

    def delete(self, kind: Object, key: object) -> None:
        """Move a row to the bin: gone from queries, listed by Get Deleted."""
        row = self.row(kind, key)
        self._forget(kind, row)
        self.bin[row["Id"]] = (kind, row)
        self.deleted[kind.name].append((row["Id"], now()))

    def undelete(self, key: str) -> None:
        """Take a row out of the bin: it is itself again, with its time stamp moved."""
        kind, row = self.bin.pop(ids.normal(key) or key)
        self.deleted[kind.name] = [one for one in self.deleted[kind.name] if one[0] != row["Id"]]
        self._keep(kind, row | {"SystemModstamp": now()})

    def purge(self) -> None:
        """Cut the delete log off, as the background process does with one that has grown too big."""
        self.deleted = {name: [] for name in OBJECTS}
        self.log_begins = now()

    def row(self, kind: Object, key: object) -> dict[str, Any]:
        """Return a row by its id of 15 or 18 characters."""
        found = ids.normal(key)
        if found is None or not found.startswith(kind.prefix):
            raise RowRefused("MALFORMED_ID", f"{kind.name} ID: id value of incorrect type: {key}", "Id")
        if any(found == gone for gone, _ in self.deleted[kind.name]):
            raise RowRefused("ENTITY_IS_DELETED", "entity is deleted", "Id")
        if found not in self.rows[kind.name]:
            raise RowRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "Id")
        return self.rows[kind.name][found]

    def lock(self, keys: Iterable[str], times: int) -> None:
        """Refuse the next `times` updates of these rows, as if somebody else were saving them."""
        self.locked.update({ids.normal(key) or key: times for key in keys})

    def _check(self, kind: Object, row: dict[str, Any]) -> None:
        for name, known in kind.fields.items():
            if known.refers and row[name]:
                found = ids.normal(row[name])
                if found is None:
                    raise RowRefused("MALFORMED_ID", f"{name}: id value of incorrect type: {row[name]}", name)
                if found not in self.rows[known.refers]:
                    raise RowRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", name)
                row[name] = found
            if known.external_id and row[name]:
                holder = self.external[kind.name].get(row[name].lower())
                if holder not in (None, row["Id"]):
                    message = f"duplicate value found: {name} duplicates value on record with id: {holder}"
                    raise RowRefused("DUPLICATE_VALUE", message, name)
        if kind.name == "Contact":
            validate.place(row)
        self._derive(kind, row)

    def _derive(self, kind: Object, row: dict[str, Any]) -> None:
        if kind.name == "Contact":
            row["Name"] = " ".join(part for part in (row["FirstName"], row["LastName"]) if part)
        if kind.name == "Case":
            row["CaseNumber"] = row["CaseNumber"] or f"{1000 + len(self.rows['Case']):08d}"
            row["IsClosed"] = row["Status"] == "Closed"
            row["ClosedDate"] = (row["ClosedDate"] or row["SystemModstamp"]) if row["IsClosed"] else None

    def _keep(self, kind: Object, row: dict[str, Any]) -> None:
        self.rows[kind.name][row["Id"]] = row
        if row.get("Crossroads_Id__c"):
            self.external[kind.name][row["Crossroads_Id__c"].lower()] = row["Id"]

    def _forget(self, kind: Object, row: dict[str, Any]) -> None:
        del self.rows[kind.name][row["Id"]]
        if row.get("Crossroads_Id__c"):
            del self.external[kind.name][row["Crossroads_Id__c"].lower()]

    def _next_id(self, kind: Object) -> str:
        self._number += 1
        return ids.made(kind.prefix, self._number)

    @staticmethod
    def _blank(kind: Object) -> dict[str, Any]:
        return {name: known.default for name, known in kind.fields.items()}


def now() -> str:
    """Return this moment as the org writes it."""
    return instant(dt.datetime.now(dt.UTC).isoformat())
