"""Text wrapped in HTML, as social networks and forums give it."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from crossroads.mapping.codecs import Codec, Value, text_of


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
