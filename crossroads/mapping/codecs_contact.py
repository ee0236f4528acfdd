"""E-mail addresses and telephone numbers, normalised so that two spellings of one are one."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

from email_validator import EmailNotValidError, validate_email

from crossroads.canonical import telephone
from crossroads.errors import MappingError, shape
from crossroads.mapping.codecs import SetAside, TextCodec, Value, text_of

PLAIN = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9]|-(?!-)){0,30}(?<!-)\.){1,3}(?:com|net|org|edu|info|[a-z]{2})"
)
"""Addresses so ordinary that RFC 5321 need not be asked; a test holds this against email-validator."""


@lru_cache(maxsize=65_536)
def address(text: str) -> str | None:
    """Return the lower-cased address, or None if nobody can have it.

    >>> address("Ann.Lee@Example.COM"), address("ann@")
    ('ann.lee@example.com', None)
    """
    lower = text.lower()
    if len(lower) <= 64 and PLAIN.fullmatch(lower):
        return lower
    try:
        # `test_environment` admits .test, which no customer has but every rehearsal.
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


class Email(TextCodec, name="email"):
    """An e-mail address in lower case; what nobody could receive mail at is set aside, never sent on.

    >>> Email().read(" Ann@Example.com ")
    'ann@example.com'
    """

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is None:
            return None
        said = address(text)
        if said is None:
            raise SetAside(f"is not an e-mail address ({shape(text)}); correct it there")
        return said

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (self.fitting(value),)

    def examples(self) -> Sequence[Value]:
        return ("ann@example.com", "müller@example.org", "b.o+x@shop.example")


class Phone(TextCodec, name="phone"):
    """A telephone number in E.164.

    A national number is read with the country beside it (`at: [number, country]`), the one at `region_from`,
    or the fixed `region`. `style` is how it is written: `e164`, `digits` (E.164 without +), `national` with
    its trunk zero, or `significant` without. A number of another country than the one beside it is written as
    E.164 in every style but `digits`.

    >>> german = Phone(region="DE", style="national")
    >>> german.read("(0170) 123 45 67"), german.write("+491701234567")
    ('+491701234567', ('0170 1234567', 'DE'))
    """

    region: str | None = None
    region_from: str | None = None
    style: Literal["e164", "national", "significant", "digits"] = "e164"
    at_most = 2

    def check(self, count: int) -> None:
        super().check(count)
        if self.style in ("national", "significant") and count == 1 and not (self.region or self.region_from):
            raise MappingError(f"codec 'phone' with style {self.style!r} needs `region` or `region_from`")

    def sources(self) -> tuple[str, ...]:
        return (self.region_from,) if self.region_from else ()

    def read(self, *remote: Any) -> Value:
        return self.reader()(*remote)

    def reader(self) -> Callable[..., Value]:
        fixed, digits, e164 = self.region, self.style == "digits", telephone.e164

        def read(*remote: Any) -> Value:
            text = remote[0].strip() if remote[0].__class__ is str else text_of(remote[0])
            if not text:
                return None
            if digits and text[0] not in "+0":
                text = f"+{text}"
            region = fixed
            for beside in remote[1:]:
                if beside.__class__ is str and beside:
                    region = beside.upper()
            said = e164(text, region)
            if said is None:
                where = "and its country is not known" if not region and text[0] != "+" else "in that country"
                raise SetAside(f"is not a telephone number {where} ({shape(text)})")
            return said

        return read

    def write(self, value: str, *sources: Any) -> tuple[Any, ...]:
        own = telephone.region(value)
        beside = (text_of(sources[0]) if sources else None) or self.region
        said = value
        if self.style == "digits":
            said = value.removeprefix("+")
        elif self.style != "e164" and own and (own == beside or not (self.region or self.region_from)):
            said = telephone.said(value, national=self.style == "national")
            if telephone.e164(said, own) != value:
                said = value
        return self.fitting(said), own or self.clear

    def examples(self) -> Sequence[Value]:
        return ("+491701234567", "+34600123456", "+12025550123", "+390612345678", "+447700900123")
