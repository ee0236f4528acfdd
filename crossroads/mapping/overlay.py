"""Lays what one installation says otherwise over the vendor's own mapping."""

from collections.abc import Mapping as Dict
from typing import Any, TypeVar

from crossroads.errors import MappingError
from crossroads.mapping.language import Mapping, Overlay

T = TypeVar("T")


def laid(mapping: Mapping, overlay: Overlay) -> Mapping:
    """Return the mapping with the overlay's lines in place of its own; a line set to null is not there."""
    where = f"mappings/overlays/{overlay.overlay}/{mapping.mapping.partition('/')[2]}.yaml"
    update: dict[str, Any] = {
        "places": _merged(mapping.places, overlay.places, f"{where}: places"),
        "fields": _merged(mapping.fields, overlay.fields, f"{where}: fields"),
        "items": _merged(mapping.items, overlay.items, f"{where}: items"),
    }
    for name in ("key", "changed_at", "identity", "create"):
        said = getattr(overlay, name)
        if said is not None:
            update[name] = said
    return mapping.model_copy(update=update)


def _merged(ours: Dict[str, T], theirs: Dict[str, T | None], where: str) -> dict[str, T]:
    merged = dict(ours)
    for name, said in theirs.items():
        if said is not None:
            merged[name] = said
        elif name in merged:
            del merged[name]
        else:
            raise MappingError(
                f"{where}.{name} is set to null, but the mapping has no such line to take away"
            )
    return merged
