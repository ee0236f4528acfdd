"""Every codec that comes with Crossroads: importing this module makes them known by name."""

from crossroads.mapping import (
    codecs_code,
    codecs_contact,
    codecs_html,
    codecs_key,
    codecs_number,
    codecs_sap,
    codecs_text,
    codecs_time,
    codecs_world,
)
from crossroads.mapping.codecs import Codec, codec

__all__ = ["MODULES", "codec", "names"]

MODULES = (
    codecs_text,
    codecs_html,
    codecs_contact,
    codecs_key,
    codecs_code,
    codecs_world,
    codecs_number,
    codecs_time,
    codecs_sap,
)


def names() -> list[str]:
    """Return the names that come with Crossroads; others join `Codec.registry` when imported."""
    ours = {module.__name__ for module in MODULES}
    return sorted(name for name, known in Codec.registry.items() if known.__module__ in ours)
