"""What people are called for short: in English the curated list of the package `nicknames`, else `nicknames.yaml`.

A model keeps the table it was trained with, so that a newer list changes no old decision.
"""

from functools import lru_cache
from importlib.resources import files

import yaml
from nicknames import name_triplets

from crossroads.identity.levels import Nicknames


@lru_cache
def nicknames() -> Nicknames:
    """Return short name -> the names it may stand for.

    >>> "robert" in nicknames()["bob"], nicknames()["paco"]
    (True, ('francisco',))
    """
    found: dict[str, set[str]] = {}
    for known in name_triplets():
        if known.relationship == "has_nickname":
            found.setdefault(known.name2, set()).add(known.name1)
    listed = yaml.safe_load((files(__package__) / "nicknames.yaml").read_text())
    for short, names in listed.items():
        found.setdefault(short, set()).update(names)
    return {short: tuple(sorted(names)) for short, names in sorted(found.items())}
