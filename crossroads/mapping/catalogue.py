"""Every codec that comes with Crossroads: importing this module makes them known by name."""

from crossroads.mapping import (
    codecs_code,
    codecs_contact,
    codecs_key,
    codecs_number,
    codecs_sap,
    codecs_text,
    codecs_time,
)
from crossroads.mapping.codecs import Codec, codec

__all__ = ["MODULES", "codec", "names"]

MODULES = (codecs_text, codecs_contact, codecs_key, codecs_code, codecs_number, codecs_time, codecs_sap)


def names() -> list[str]:
    """Return the names a mapping line may say after `as`, third parties' included once they are imported."""
    return sorted(Codec.registry)
