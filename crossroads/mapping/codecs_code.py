"""Codes: closed lists in a line or in `mappings/codes/`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossroads.errors import RecordRejected, shape
from crossroads.mapping.codecs import Codec, Context, SetAside, Value, text_of


class Choice(Codec, name="choice"):
    """One of a closed list, said as canonical: remote; of several remote values the first is written.

    >>> Choice(of={"person": "1", "organization": ["2", "3"]}).read("3")
    'organization'
    """

    of: dict[str, Any]
    clear: str | None = None
    refuse: bool = False
    """An unknown code rejects the record instead of setting the field aside."""

    def read(self, *remote: Any) -> Value:
        return self.reader()(*remote)

    def reader(self) -> Callable[..., Value]:
        table = {value: ours for ours, theirs in self.of.items() for value in _several(theirs)}
        failure = RecordRejected if self.refuse else SetAside

        def read(value: Any) -> Value:
            try:
                return table[value]
            except (KeyError, TypeError):
                text = text_of(value) if not isinstance(value, bool) else None
                if text is None and not isinstance(value, bool):
                    return None
                if text in table:
                    return table[text]
                raise failure(f"is a code the list does not have ({shape(value)}); add it there") from None

        return read

    def write(self, value: str, *_: Any) -> tuple[Any, ...]:
        if value not in self.of:
            raise RecordRejected(f"{value!r} has no code in this system; add it to the list")
        return (_several(self.of[value])[0],)

    def cleared(self, count: int) -> tuple[Any, ...]:
        return (self.clear,) * count

    def examples(self) -> Sequence[Value]:
        return tuple(self.of)


def _several(theirs: Any) -> list[Any]:
    return theirs if isinstance(theirs, list) else [theirs]


def _turned(table: Mapping[str, str]) -> dict[str, Any]:
    turned: dict[str, Any] = {}
    for remote, ours in table.items():
        turned.setdefault(ours, []).append(remote)
    return turned


class Code(Codec, name="code"):
    """A code of the list `mappings/codes/<list>.yaml`; an unknown one sets the field aside."""

    list: str
    clear: str | None = None

    def prepare(self, context: Context) -> Codec:
        return Choice(of=_turned(context.table(self.list)), clear=self.clear)


class Unit(Codec, name="unit"):
    """A unit (UN/ECE Rec 20) by a code list; an unknown one rejects the record: amounts would be wrong."""

    list: str = "unit"
    clear: str | None = None

    def prepare(self, context: Context) -> Codec:
        return Choice(of=_turned(context.table(self.list)), clear=self.clear, refuse=True)
