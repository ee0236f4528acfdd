"""Text as it stands, in lower case, or spread over columns."""

import re
from collections.abc import Sequence
from typing import Any

from crossroads.errors import MappingError, RecordRejected, shape
from crossroads.mapping.codecs import TextCodec, Value, fitting, text_of


class Text(TextCodec, name="text"):
    """Trimmed text; the empty text and None mean the same.

    >>> Text().read("  Ann "), Text(max=3).write("Ann")
    ('Ann', ('Ann',))
    """

    inline = "({v}.strip() or None)"

    def read(self, *remote: Any) -> Value:
        return text_of(remote[0])

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (self.fitting(value),)

    def examples(self) -> Sequence[Value]:
        return ("Ann", "Müller & Söhne")


class Lowercase(TextCodec, name="lowercase"):
    """Text whose case means nothing: lower case here, upper case there where `upper_on_write`.

    >>> Lowercase(upper_on_write=True).write("de")
    ('DE',)
    """

    upper_on_write: bool = False
    inline = "({v}.strip().lower() or None)"

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        return text and text.lower()

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (self.fitting(value.upper() if self.upper_on_write else value),)

    def examples(self) -> Sequence[Value]:
        return ("a1",)


class Split(TextCodec, name="split"):
    """One long text kept in several short columns, broken at words.

    >>> Split(width=8, parts=3).write("Blue Door Bakery")
    ('Blue', 'Door', 'Bakery')
    """

    width: int
    parts: int

    def check(self, count: int) -> None:
        if count != self.parts:
            raise MappingError(
                f"codec 'split' with parts {self.parts} wants as many paths in `at`, not {count}"
            )

    def read(self, *remote: Any) -> Value:
        return " ".join(" ".join(text_of(part) or "" for part in remote).split()) or None

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        rows = [""]
        for word in value.split():
            joined = f"{rows[-1]} {word}".strip()
            if len(joined) <= self.width:
                rows[-1] = joined
            else:
                rows.append(word)
        if len(rows) > self.parts or any(len(row) > self.width for row in rows):
            raise RecordRejected(
                f"does not fit {self.parts} x {self.width} characters ({shape(value)}); shorten it"
            )
        return tuple(rows)

    def examples(self) -> Sequence[Value]:
        return ("Blue", "A B")


HOUSE = re.compile(r"(?P<street>.*\S)\s(?P<number>\d+(?:\s?[a-zA-Z])?(?:[-/]\d+(?:\s?[a-zA-Z])?)?)")


class Street(TextCodec, name="street"):
    """A street line here, street and house number there; a line without a number at its end stays whole.

    >>> Street().write("Calle Mayor 5 b"), Street().write("12 Main Street")
    (('Calle Mayor', '5 b'), ('12 Main Street', None))
    """

    max: Any = None
    at_least = 2
    at_most = 2

    def read(self, *remote: Any) -> Value:
        return " ".join(" ".join(text_of(part) or "" for part in remote).split()) or None

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        widths = self.max if isinstance(self.max, list | tuple) else (self.max, None)
        line = " ".join(value.split())
        match = HOUSE.fullmatch(line)
        if match and (widths[1] is None or len(match["number"]) <= widths[1]):
            return fitting(match["street"], widths[0]), match["number"]
        return fitting(line, widths[0]), self.clear

    def examples(self) -> Sequence[Value]:
        return ("Hauptstr. 5", "12 Main St", "Calle Mayor")


class Join(TextCodec, name="join"):
    """Several columns read as one text; written, all of it goes into the first and the others are emptied.

    >>> Join(by=", ").read("Back house", "", "3rd floor")
    'Back house, 3rd floor'
    """

    by: str = " "
    at_least = 2
    at_most = 9

    def read(self, *remote: Any) -> Value:
        return self.by.join(text for part in remote if (text := text_of(part))) or None

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (self.fitting(value),)

    def examples(self) -> Sequence[Value]:
        return ("one, two",)
