"""The data: trees of entities, checked as SAP checks them, numbered and stamped by the system."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any

from sandbox.sap_s4.query import stamp
from sandbox.sap_s4.refusal import NOT_FOUND, Refusal, business, malformed
from sandbox.sap_s4.schema import Entity
from sandbox.sap_s4.wire import arrived

Row = dict[str, Any]
USER = "SANDBOX"


class Records:
    """The root entities of one service with everything below them."""

    def __init__(self, entities: dict[str, Entity], first: int, clock: Any = None) -> None:
        self.entities = entities
        self.root = next(iter(entities.values()))
        self.rows: dict[str, Row] = {}
        self.writes = {"creates": 0, "updates": 0}
        self._numbers, self._parts = count(first), count(20001)
        self._clock = clock or (lambda: datetime.now(UTC))

    def create(self, given: Row, *, seed: bool = False) -> Row:
        """Take a new root with its parts, whole or not at all."""
        now = self._clock()
        row = self._taken(self.root, given, create=True, seed=seed)
        free = (str(one) for one in self._numbers if str(one) not in self.rows)
        number = row.get(self.root.key[0]) or next(free)
        if number in self.rows:
            raise business("R1/286", f"Business partner {number} already exists", self.root.key[0])
        self._numbered(
            row, self.root, {self.root.key[0]: number, "SalesOrder": number, "BusinessPartner": number}
        )
        self._checked(row)
        stamps = {
            "CreationDate": _day(now),
            "LastChangeDate": None,
            "LastChangeDateTime": now,
            "CreatedByUser": USER,
        }
        stamps |= {"CreationTime": f"PT{now:%HH%MM%S}S"}
        for name, value in stamps.items():
            if name in self.root.properties and not (seed and row.get(name)):
                row[name] = value
        if "OverallSDProcessStatus" in self.root.properties and not row.get("OverallSDProcessStatus"):
            row |= {"OverallSDProcessStatus": "A", "OverallTotalDeliveryStatus": "A"}
        row["_version"] = 1
        self.rows[number] = row
        if not seed:
            self.writes["creates"] += 1
        return row

    def update(self, row: Row, entity: Entity, given: Row, root: Row) -> None:
        """Change one entity's own properties; what is nested is ignored, as SAP does with a deep PATCH."""
        known = {name: value for name, value in given.items() if name not in entity.navigations}
        changed = self._taken(entity, known, create=False)
        candidate = {**row, **changed}
        if entity is self.root:
            self._checked(candidate)
        row.update(changed)
        self._touched(root)
        self.writes["updates"] += 1

    def add(self, parent: Row, navigation: str, entity: Entity, given: Row, root: Row) -> Row:
        """Take a new part below an entity."""
        row = self._taken(entity, given, create=True)
        own = {name: parent[name] for name in entity.key if name in parent}
        self._numbered(row, entity, own)
        if any(all(one[name] == row[name] for name in entity.key) for one in parent[navigation]):
            raise business("R11/104", "The entry exists already", entity.key[-1])
        parent[navigation].append(row)
        self._touched(root)
        self.writes["updates"] += 1
        return row

    def find(self, entity: Entity, key: Row) -> tuple[Row, Row]:
        """Return an entity by its key, and its root."""
        for row, root in self.all(entity):
            if all(row[name] == value for name, value in key.items()):
                return row, root
        raise NOT_FOUND

    def all(self, entity: Entity) -> Iterator[tuple[Row, Row]]:
        """Yield every entity of a kind with its root."""
        for root in self.rows.values():
            if root.get("_hidden"):
                continue  # at the end of its purpose, and we have no right to see it
            for row, kind in self._below(root, self.root):
                if kind is entity:
                    yield row, root

    def _below(self, row: Row, entity: Entity) -> Iterator[tuple[Row, Entity]]:
        yield row, entity
        for navigation, name in entity.navigations.items():
            for one in row[navigation]:
                yield from self._below(one, self.entities[name])

    def _taken(self, entity: Entity, given: Row, *, create: bool, seed: bool = False) -> Row:
        row: Row = {name: entity.initial(name) for name in entity.properties} if create else {}
        if create:
            row |= {name: [] for name in entity.navigations}
        for name, value in given.items():
            if name == "__metadata":
                continue
            if name in entity.navigations and create:
                parts = value.get("results", value) if isinstance(value, dict) else value
                inner = self.entities[entity.navigations[name]]
                row[name] = [self._taken(inner, one, create=True, seed=seed) for one in parts]
            elif name not in entity.properties:
                raise malformed(name, "is invalid")
            elif (entity.read_only(name) or (not create and name in entity.key)) and not seed:
                raise malformed(name, "is read-only")
            else:
                row[name] = _value(entity, name, value)
        return row

    def _numbered(self, row: Row, entity: Entity, above: Row) -> None:
        """Give keys out, downwards: a part carries the keys of what it hangs below."""
        own = dict(above)
        for name in entity.key:
            if name in own:
                row[name] = own[name]
            elif name == "AddressID":
                row[name] = row[name] or str(next(self._parts))
            elif name == "OrdinalNumber":
                row[name] = row[name] or str(next(self._parts) % 1000)
            elif name == "ValidityEndDate":
                row[name] = row[name] or stamp("9999-12-31T23:59:59")
            own[name] = row[name]
        for navigation, name in entity.navigations.items():
            for place, one in enumerate(row[navigation], 1):
                item = {"SalesOrderItem": str(place * 10)} if name == "A_SalesOrderItem" else {}
                self._numbered(one, self.entities[name], own | item)

    def _checked(self, row: Row) -> None:
        """Refuse what the application refuses."""
        if self.root.name == "A_BusinessPartner":
            category = row["BusinessPartnerCategory"]
            if category not in ("1", "2", "3"):
                raise business(
                    "R11/016", "Business partner category is not allowed", "BusinessPartnerCategory"
                )
            name = {"1": "LastName", "2": "OrganizationBPName1"}.get(category)
            if name and not row[name]:
                raise business("R11/003", "Enter a name", name)
            shown = (
                f"{row['FirstName']} {row['LastName']}".strip()
                if category == "1"
                else row["OrganizationBPName1"]
            )
            row |= {"BusinessPartnerFullName": shown, "BusinessPartnerName": shown}
            roles = {one["BusinessPartnerRole"] for one in row["to_BusinessPartnerRole"]}
            row["Customer"] = row["BusinessPartner"] if roles & {"FLCU00", "FLCU01"} else ""
        else:
            for name in ("SalesOrderType", "SoldToParty", "SalesOrganization"):
                if not row[name]:
                    raise business("V1/302", f"Enter {name}", name)

    def _touched(self, root: Row) -> None:
        now = self._clock()
        root["_version"] += 1
        for name, value in (
            ("LastChangeDate", _day(now)),
            ("LastChangeDateTime", now),
            ("LastChangedByUser", USER),
        ):
            if name in self.root.properties:
                root[name] = value
        if "LastChangeTime" in self.root.properties:
            root["LastChangeTime"] = f"PT{now:%HH%MM%S}S"


def _value(entity: Entity, name: str, value: Any) -> Any:
    """Return a property as it is kept, or refuse what the Gateway cannot read."""
    kind, length = entity.kind(name), entity.length(name)
    if value is None:
        if kind in ("text", "flag"):
            raise malformed(name, "must not be null")
        return None
    if kind == "decimal":
        # The Gateway does not read JSON numbers where the metadata says Edm.Decimal.
        if not isinstance(value, str):
            raise Refusal(400, "CX_SXML_PARSE_ERROR", f"Failed to read property {name}")
        try:
            return Decimal(value)
        except InvalidOperation:
            raise malformed(name, "is not a decimal") from None
    if kind in ("date", "instant"):
        return arrived(name, value)
    if not isinstance(value, bool if kind == "flag" else str):
        raise malformed(name, "has an invalid value")
    if length and len(str(value)) > length:
        raise malformed(name, f"is longer than {length}")
    return value


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
