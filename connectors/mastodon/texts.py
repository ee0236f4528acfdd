"""What a reply says: whom it names, and whether two texts are the same however an instance dresses them."""

import html
import re
from collections.abc import Mapping
from typing import Any

_BREAKS = re.compile(r"</p>|<br\s*/?>")
_TAGS = re.compile(r"<[^>]*>")
_NAMED_FIRST = re.compile(r"\s*(?:@[\w.-]+(?:@[\w.-]+)?\s+)+")
_HOSTS = re.compile(r"(@\w+)@[\w.-]+")

_WIDTH = ("direct", "private", "unlisted", "public")
"""From the narrowest circle of readers to the widest."""


def addressed(text: str, account: Mapping[str, Any]) -> str:
    """Return a reply that names its addressee, without which Mastodon tells them nothing of it.

    >>> addressed("It is on its way.", {"acct": "ana@far.example"})
    '@ana@far.example It is on its way.'
    >>> addressed("Hello @Ana@far.example!", {"acct": "ana@far.example"})
    'Hello @Ana@far.example!'
    """
    name = f"@{account['acct']}"
    if re.search(rf"(?<!\w){re.escape(name)}(?![\w@])", text, re.IGNORECASE):
        return text
    return f"{name} {text}"


def names_first(text: str) -> str:
    """Return the names a reply begins with.

    >>> names_first("@ana @bo@far.example Hello"), names_first("Hello")
    ('@ana @bo@far.example ', '')
    """
    found = _NAMED_FIRST.match(text)
    return found.group() if found else ""


def narrower(parent: str, wanted: str | None) -> str:
    """Return who may read a reply: never more people than may read what it answers.

    >>> narrower("direct", "public"), narrower("public", "unlisted"), narrower("unlisted", None)
    ('direct', 'unlisted', 'unlisted')
    """
    known = [one for one in (parent, wanted) if one in _WIDTH]
    return min(known, key=_WIDTH.index, default="direct")


def same(text: str, content: str) -> bool:
    """Tell whether an instance's HTML is what it made of a text.

    It turns names and links into anchors, leaves out the host of a name, and some render emphasis: so only
    words are compared, and the names a reply begins with not at all.

    >>> same("@bo@far.example Your **order** & more", "<p>@<span>bo</span> Your <b>order</b> &amp; more</p>")
    True
    >>> same("On its way", "<p>@bo On its way!</p>"), same("On its way", "<p>@bo Off its way</p>")
    (True, False)
    """
    plain = html.unescape(_TAGS.sub("", _BREAKS.sub(" ", content)))
    return _words(text) == _words(plain)


def _words(text: str) -> list[str]:
    said = text[len(names_first(text)) :]
    return re.findall(r"\w+", _HOSTS.sub(r"\1", said).casefold())
