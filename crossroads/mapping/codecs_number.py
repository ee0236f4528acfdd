"""Numbers and truth."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from crossroads.errors import RecordRejected, shape
from crossroads.mapping.codecs import Codec, SetAside, Value, text_of


class Number(Codec, name="decimal"):
    """A decimal as text without exponent and trailing zeros; more than `places` are refused, not rounded.

    OData V2 carries decimals as text and refuses JSON numbers, others carry numbers (`form: number`).

    >>> Number().read("12.500"), Number(places=2).write("12.5")
    ('12.5', ('12.50',))
    """

    places: int | None = None
    form: Literal["text", "number"] = "text"

    def read(self, *remote: Any) -> Value:
        value = remote[0]
        text = repr(value) if isinstance(value, float) else text_of(value)
        if text is None:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise SetAside(f"is not a number ({shape(text)})")
        return plain(number)

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        number = Decimal(value)
        if self.places is not None:
            exact = number.quantize(Decimal(1).scaleb(-self.places))
            if exact != number:
                raise RecordRejected(
                    f"has more than the {self.places} decimal places this system keeps ({shape(value)})"
                )
            number = exact
        if self.form == "number":
            return (int(number) if number == number.to_integral_value() else float(number),)
        return (f"{number:f}",)

    def examples(self) -> Sequence[Value]:
        return ("12", "0", "-3") if self.places == 0 else ("12.5", "0", "100")


def plain(number: Decimal) -> str:
    """Return a decimal in its one form: no exponent, no trailing zeros, no negative zero."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Integer(Codec, name="integer"):
    """A whole number.

    >>> Integer().read("007"), Integer().write("7")
    ('7', (7,))
    """

    form: Literal["number", "text"] = "number"

    def read(self, *remote: Any) -> Value:
        text = text_of(remote[0])
        if text is None:
            return None
        try:
            return str(int(text))
        except ValueError:
            raise SetAside(f"is not a whole number ({shape(text)})") from None

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        return (int(value) if self.form == "number" else value,)

    def examples(self) -> Sequence[Value]:
        return ("7", "1200")


TRUE = (True, 1, "1", "X", "x", "true", "True", "TRUE")
FALSE = (False, 0, "0", "", "false", "False", "FALSE")


class Flag(Codec, name="flag"):
    """True or false; `yes` and `no` are what is written, SAP's older flags want "X" and "".

    >>> Flag().read("X"), Flag(yes="X", no="").write(False)
    (True, ('',))
    """

    yes: bool | int | str = True
    no: bool | int | str = False

    def read(self, *remote: Any) -> Value:
        value = remote[0]
        if value is None:
            return None
        if not isinstance(value, str | int):
            raise SetAside(f"is {shape(value)} where true or false was expected")
        if value in (self.yes, *TRUE):
            return True
        if value in (self.no, *FALSE):
            return False
        raise SetAside(f"is neither true nor false ({shape(value)})")

    def write(self, value: bool, *_: Any) -> tuple[Any, ...]:
        return (self.yes if value else self.no,)

    def examples(self) -> Sequence[Value]:
        return (True, False)
