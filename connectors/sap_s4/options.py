"""What a stream of this connector can be told, by the manifest or by an installation's overlay."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from crossroads.errors import ConfigError, RecordRejected
from crossroads.protocols.odata_values import Version, literal, moment
from crossroads.records import Change, Record, State, Stream


class Find(BaseModel):
    """How a create is found again: constants, the field that holds the reference, fields of the change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity_set: str
    key: str
    reference: str | None = None
    where: dict[str, str] = {}
    same: tuple[str, ...] = ()

    def filter(self, change: Change, version: Version) -> str:
        """Return the filter that finds what this create left behind."""
        told = dict(self.where)
        if self.reference:
            told[self.reference] = change.reference or ""
        told |= {name: str(change.record.get(name) or "") for name in self.same}
        nothing = [name for name, value in told.items() if not value]
        if nothing:
            raise RecordRejected(f"Change {change.id} cannot be looked up: it has no {', '.join(nothing)}.")
        return " and ".join(f"{name} eq {literal(value, version)}" for name, value in told.items())


class Options(BaseModel):
    """Where a stream lies and how it tells what changed.

    `changed` and `created` are its change and creation fields, instants if `instant`, else dates. `pad`
    writes numeric keys with leading zeros, for services that do not add them themselves. `method` is MERGE
    before NetWeaver 7.40.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str
    odata: Version = "v2"
    entity_set: str
    expand: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    filter: str = ""
    changed: str | None = None
    created: str | None = None
    instant: bool = False
    overlap_seconds: int = 86_400
    method: Literal["PATCH", "MERGE"] = "PATCH"
    pad: int | None = None
    find: Find | None = None

    @classmethod
    def of(cls, stream: Stream) -> "Options":
        """Return a stream's options, checked."""
        try:
            return cls.model_validate(dict(stream.options))
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise ConfigError(f"sap_s4: options of stream {stream.name}: {told}") from None

    def shape(self) -> dict[str, str]:
        """Return the part of a query that makes every read give records of one shape."""
        told = {"$expand": ",".join(self.expand), "$select": ",".join(self.select), "$format": "json"}
        return {name: value for name, value in told.items() if value}

    def since(self, state: State) -> str:
        """Return the filter for what changed since a state, the overlap included; empty for everything."""
        filters = [self.filter] if self.filter else []
        mark = state.cursor.get("changed")
        if mark and self.changed:
            start = datetime.fromisoformat(str(mark)).replace(tzinfo=UTC) - timedelta(
                seconds=self.overlap_seconds
            )
            changed = literal(start if self.instant else start.date(), self.odata)
            told = f"{self.changed} ge {changed}"
            # A partner or order that was never changed has no change date at all.
            if self.created:
                told += f" or {self.created} ge {literal(start.date(), self.odata)}"
            filters.append(f"({told})")
        return " and ".join(filters)

    def mark(self, records: Iterable[Record]) -> str:
        """Return the latest time that records tell of themselves, comparable as text; empty if they tell none."""
        names = [name for name in (self.changed, self.created) if name]
        # Most tell a day and no time, so few of them differ.
        told = {str(record.get(name) or "") for record in records for name in names}
        latest = max(filter(None, map(moment, told)), default=None)
        return latest.strftime("%Y-%m-%dT%H:%M:%S") if latest else ""

    def said(self, key: str) -> str:
        """Return a key as this service wants it in addresses and filters."""
        return key.zfill(self.pad) if self.pad and key.isdecimal() else key


def plain(key: Any) -> str:
    """Return an SAP number as we compare it: without leading zeros if it is all digits.

    >>> plain("0000004712"), plain("00AB")
    ('4712', '00AB')
    """
    text = str(key)
    return (text.lstrip("0") or "0") if text.isdecimal() else text
