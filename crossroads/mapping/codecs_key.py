"""Names of things: keys, handles, and references to other records."""

import re
from base64 import b32encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from crossroads.errors import RecordRejected, shape
from crossroads.mapping.codecs import Codec, Context, SetAside, TextCodec, Value, codec, text_of
from crossroads.records import LONGEST_KEY


class Alpha(TextCodec, name="alpha"):
    """An SAP number without its leading zeros; `pad` writes them. Numbers with letters are not padded there.

    >>> Alpha().read("0000004711"), Alpha().read("00AB"), Alpha(pad=10).write("4711")
    ('4711', '00AB', ('0000004711',))
    """

    pad: int | None = None

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        return (text.lstrip("0") or "0") if text and text.isdecimal() else text

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (self.fitting(value.zfill(self.pad) if self.pad and value.isdecimal() else value),)

    def examples(self) -> Sequence[Value]:
        return ("4711", "AB1")


class Gid(TextCodec, name="gid"):
    """A Shopify global id, kept here as its bare number.

    >>> Gid(type="Customer").read("gid://shopify/Customer/17?key=1"), Gid(type="Customer").write("17")
    ('17', ('gid://shopify/Customer/17',))
    """

    type: str

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is None or not text.startswith("gid:"):
            return text
        start = f"gid://shopify/{self.type}/"
        if not text.startswith(start):
            raise SetAside(f"is not the id of a {self.type}")
        return text[len(start) :].partition("?")[0]

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (f"gid://shopify/{self.type}/{value}",)

    def examples(self) -> Sequence[Value]:
        return ("17", "4502")


class Prefix(TextCodec, name="prefix"):
    """An id that carries the name of where it comes from.

    >>> Prefix(**{"with": "mastodon:"}).read("1142"), Prefix(**{"with": "mastodon:"}).write("mastodon:1142")
    ('mastodon:1142', ('1142',))
    """

    start: str = Field(alias="with")

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        return text and f"{self.start}{text}"

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        if not value.startswith(self.start):
            raise RecordRejected(f"does not begin with {self.start!r} and so is not of this system")
        return (self.fitting(value[len(self.start) :]),)

    def examples(self) -> Sequence[Value]:
        return (f"{self.start}1142",)


class Digest(TextCodec, name="digest"):
    """A reference as a short number of our own (A-Z, 2-7), for systems that want a record's number from us.

    >>> Digest(length=10).write("0198-intent")
    ('54XJ35XBSC',)
    """

    length: int = 10

    def read(self, *remote: Any) -> Value:
        return text_of(remote[0])

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        said = b32encode(sha256(value.encode()).digest()).decode()
        return (self.fitting(said[: self.length]),)

    def examples(self) -> Sequence[Value]:
        return ()


HANDLE = re.compile(r"[\w.+-]+(?:@[\w.-]+(?::\d+)?)?")


class Handle(TextCodec, name="handle"):
    """An account as `user@host` in lower case; a local one gets `host`, or that of the URL at `host_from`.

    >>> Handle(host_from="url").read("@Ann", "https://social.example/@Ann")
    'ann@social.example'
    """

    host: str | None = None
    host_from: str | None = None

    def sources(self) -> tuple[str, ...]:
        return (self.host_from,) if self.host_from else ()

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is None:
            return None
        user = text.removeprefix("@").lower()
        if not HANDLE.fullmatch(user):
            raise SetAside(f"is not an account like user@host ({shape(text)})")
        if "@" in user:
            return user
        host = urlsplit(text_of(remote[1]) or "").netloc.lower() if self.host_from else self.host
        return f"{user}@{host}" if host else user

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (self.fitting(value),)

    def examples(self) -> Sequence[Value]:
        return ("ann@social.example",)


class Said(TextCodec, name="reference"):
    """The key of another record of the same system; `said` is the codec of that stream's own key.

    In a mapping: `customer: {at: SoldToParty, as: reference, to: customer, stream: business_partners, said:
    alpha}`. Where it is not `required`, a record may be created without it.
    """

    to: str
    stream: str
    said: str | dict[str, Any] = "text"
    required: bool = True

    def prepare(self, context: Context) -> Codec:
        said = {"as": self.said} if isinstance(self.said, str) else dict(self.said)
        limits = {"max": self.max, "clear": self.clear}
        inner = codec(said.pop("as", "text"), said, context, limits)
        return Pointing(to=self.to, stream=self.stream, required=self.required, inner=inner)


class Pointing(Codec):
    """A reference whose key codec is known."""

    to: str
    stream: str
    required: bool
    inner: Codec

    def sources(self) -> tuple[str, ...]:
        return self.inner.sources()

    def read(self, *remote: Any) -> Value:
        said = self.inner.read(*remote)
        if isinstance(said, str) and len(said) > LONGEST_KEY:
            why = f"is the key of no record: it has {len(said):,} characters, more than {LONGEST_KEY}"
            raise RecordRejected(why) if self.required else SetAside(why)
        return said

    def write(self, value: Any, *sources: Any) -> tuple[Any, ...]:
        return self.inner.write(value, *sources)

    def cleared(self, count: int) -> tuple[Any, ...]:
        return self.inner.cleared(count)

    def examples(self) -> Sequence[Value]:
        return self.inner.examples()
