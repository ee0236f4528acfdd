"""The world's own codes: countries (ISO 3166), currencies (ISO 4217) and languages (ISO 639, BCP 47)."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

import pycountry

from crossroads.errors import RecordRejected, shape
from crossroads.mapping.codecs import SetAside, TextCodec, Value, text_of


@cache
def _countries(form: str) -> dict[str, str]:
    if form == "alpha3":
        return {country.alpha_3: country.alpha_2 for country in pycountry.countries}
    if form == "alpha2":
        codes = {country.alpha_2: country.alpha_2 for country in pycountry.countries}
        # Not ISO 3166, but the European Union writes them.
        return codes | {"UK": "GB", "EL": "GR"}
    names = {}
    for country in pycountry.countries:
        for key in ("official_name", "common_name", "name"):
            if said := getattr(country, key, None):
                names[said.upper()] = country.alpha_2
    return names


class Country(TextCodec, name="country"):
    """An ISO 3166 country, here two letters; an unknown one rejects the record: tax and post depend on it.

    >>> Country().read("de"), Country(form="alpha3").read("DEU"), Country(form="name").write("DE")
    ('DE', 'DE', ('Germany',))
    """

    form: Literal["alpha2", "alpha3", "name"] = "alpha2"

    def read(self, *remote: Any) -> Value:
        return self.reader()(*remote)

    def reader(self) -> Callable[..., Value]:
        table = _countries(self.form)

        def read(value: Any) -> Value:
            text = text_of(value)
            if text is None:
                return None
            try:
                return table[text.upper()]
            except KeyError:
                raise RecordRejected(f"is not a country of ISO 3166 ({shape(text)}); correct it") from None

        return read

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        country = pycountry.countries.get(alpha_2=value)
        if country is None:
            raise RecordRejected(f"is not a country of ISO 3166 ({shape(value)})")
        forms = {"alpha2": "alpha_2", "alpha3": "alpha_3", "name": "name"}
        return (self.fitting(getattr(country, forms[self.form])),)

    def examples(self) -> Sequence[Value]:
        return ("DE", "ES", "FR", "US")


@cache
def _currencies() -> frozenset[str]:
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


class Currency(TextCodec, name="currency"):
    """An ISO 4217 currency; an unknown one rejects the record."""

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is not None and text.upper() not in _currencies():
            raise RecordRejected(f"is not a currency of ISO 4217 ({shape(text)}); correct it there")
        return text and text.upper()

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (self.fitting(value),)

    def examples(self) -> Sequence[Value]:
        return ("EUR", "USD")


@cache
def _languages() -> frozenset[str]:
    two = {language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2")}
    three = {language.alpha_3 for language in pycountry.languages if not hasattr(language, "alpha_2")}
    return frozenset(two | three)


class Language(TextCodec, name="language"):
    """A BCP 47 language; `form: alpha2` keeps the language only, `upper` writes it as SAP does.

    >>> Language().read("pt_br"), Language(form="alpha2", upper=True).write("pt-BR")
    ('pt-BR', ('PT',))
    """

    form: Literal["tag", "alpha2"] = "tag"
    upper: bool = False

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        return text and _language(text, self.form == "alpha2")

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        said = value.partition("-")[0] if self.form == "alpha2" else value
        return (self.fitting(said.upper() if self.upper else said),)

    def examples(self) -> Sequence[Value]:
        return ("de", "es") if self.form == "alpha2" else ("de", "es", "pt-BR")


@cache
def _tag(text: str, bare: bool) -> str | None:
    first, *rest = text.replace("_", "-").split("-")
    if first.lower() not in _languages():
        return None
    parts = [
        part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest
    ]
    return first.lower() if bare else "-".join([first.lower(), *parts])


def _language(text: str, bare: bool) -> str:
    said = _tag(text, bare)
    if said is None:
        raise SetAside(f"is not a language of ISO 639 ({shape(text)})")
    return said
