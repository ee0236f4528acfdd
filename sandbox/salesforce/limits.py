"""What the org allows: the vendor's values by default, raised for a demonstration."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a day, rows a call and rows a page.

    100,000 calls a day is what an Enterprise Edition org starts with; each further licence adds to it.
    """

    calls_per_day: int = 100_000
    rows_per_write: int = 200
    rows_per_retrieve: int = 2000
    page_size: int = 2000
    deleted_days: int = 15


NAMED = {"vendor": Limits(), "demo": Limits(calls_per_day=50_000_000)}
