"""What a weight is made of."""

from typing import NamedTuple


class Row(NamedTuple):
    """What one field adds to a weight: which level was reached, and how many bits, the value's rareness in them."""

    field: str
    level: str
    bits: float
