"""What business users read, in English and Spanish: the console, and the questions that are put to stewards."""

from collections.abc import Mapping
from typing import Any

from crossroads.audit.spoken.english import ENGLISH
from crossroads.audit.spoken.spanish import SPANISH

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "es": SPANISH}


def language(*accepted: str) -> str:
    """Return the first language that is known, of those asked for and those that a browser accepts.

    >>> language("", "fr;q=0.9, es-AR;q=0.8, en;q=0.5")
    'es'
    """
    wanted = (part.split(";")[0] for one in accepted for part in one.split(","))
    known = (code.strip().lower()[:2] for code in wanted)
    return next((code for code in known if code in LANGUAGES), "en")


class Speaker:
    """Says a text in one language, with its values filled in."""

    def __init__(self, spoken: str) -> None:
        self.texts = LANGUAGES[spoken]

    def __call__(self, name: str, /, **values: Any) -> str:
        """Return the text of that name."""
        return self.texts[name].format(**values)

    def word(self, kind: str, name: str) -> str:
        """Return what a field, or a level of likeness, is called; of one that has no name here, its own."""
        return self.texts.get(f"{kind}.{name}", name.replace("_", " "))
