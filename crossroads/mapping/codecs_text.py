"""Text as it stands, in lower case, spread over columns, or wrapped in HTML."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from crossroads.errors import MappingError, RecordRejected, shape
from crossroads.mapping.codecs import Codec, TextCodec, Value, fitting, text_of


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


class Html(Codec, name="html"):
    r"""The plain text of a piece of HTML; reading only, for we could not give the marks back.

    >>> Html().read('<p>Hi <a href="/x">@<span>shop</span></a>,<br>it&#39;s broken</p><p>Ann</p>')
    "Hi @shop,\nit's broken\n\nAnn"
    """

    writes = False

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is None or ("<" not in text and "&" not in text):
            return text
        page = _Page()
        page.feed(text)
        page.close()
        lines = [" ".join(line.split()) for line in "".join(page.heard).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() or None

    def examples(self) -> Sequence[Value]:
        return ("Hi",)


class _Page(HTMLParser):
    """Hears what a reader would see: breaks and paragraphs as new lines, scripts and styles not at all."""

    BLOCKS = frozenset({"p", "div", "blockquote", "ul", "ol", "pre", "aside", "h1", "h2", "h3", "table"})
    LINES = frozenset({"br", "li", "tr"})
    SILENT = frozenset({"script", "style", "head", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.heard: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.silent += tag in self.SILENT
        if tag in self.LINES or tag in self.BLOCKS:
            self.heard.append("\n")
        elif tag == "img":
            self.heard.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT and self.silent > 0
        if tag in self.BLOCKS:
            self.heard.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.heard.append(data.replace("\n", " "))
