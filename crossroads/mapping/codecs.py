"""What a codec is: one way of saying a value, its `read` and `write` side by side, its parameters checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from crossroads.errors import CrossroadsError, MappingError, RecordRejected, shape, told

Value: TypeAlias = str | bool | None
"""What a document holds."""


class SetAside(CrossroadsError):
    """One field cannot be translated; the record goes on without it, and the reason is listed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a codec may know of the mapping it stands in: code lists as {remote code: canonical code}."""

    system: str
    codes: Callable[[str], Mapping[str, str]]
    used: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def table(self, name: str) -> Mapping[str, str]:
        """Return a code list, and remember that this mapping depends on it."""
        if name not in self.used:
            self.used[name] = self.codes(name)
        return self.used[name]


class Codec(BaseModel):
    """Subclass with `name=` and give `read`, `write` and `examples`; the fields are the parameters in YAML.

    `read` gets one remote value for each path in `at`, then one for each of `sources()`; None stands for null,
    and for a source that is absent. It raises `SetAside` where the field, and `RecordRejected` where the record cannot go on.
    `write` gets a canonical value that is not None and the same sources, and gives one remote value for each
    path in `at`; where it gives fewer, the others are emptied. Neither ever puts a value into a message: see
    `errors.shape`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    registry: ClassVar[dict[str, type["Codec"]]] = {}
    called: ClassVar[str] = ""
    at_least: ClassVar[int] = 1
    at_most: ClassVar[int] = 1
    writes: ClassVar[bool] = True
    inline: ClassVar[str | None] = None
    """A Python expression of a text `{v}` that means `read`; the compiler puts it into the reading loop."""

    def __init_subclass__(cls, *, name: str | None = None, **_: Any) -> None:
        super().__init_subclass__()
        if name:
            cls.called = name
            Codec.registry[name] = cls

    def prepare(self, context: Context) -> "Codec":
        """Return the codec that does the work once the mapping around it is known."""
        return self

    def check(self, count: int) -> None:
        """Return if `at` may have `count` paths."""
        if not self.at_least <= count <= self.at_most:
            few = f"{self.at_least}" if self.at_least == self.at_most else f"{self.at_least}-{self.at_most}"
            raise MappingError(f"codec {self.called!r} wants {few} path(s) in `at`, not {count}")

    def sources(self) -> tuple[str, ...]:
        """Return remote paths that are read beside `at` and never written."""
        return ()

    def reader(self) -> Callable[..., Value]:
        """Return `read`, or something quicker that means the same."""
        return self.read

    def read(self, *remote: Any) -> Value:
        """Return the canonical value of what the remote record says."""
        raise NotImplementedError

    def write(self, value: Any, *sources: Any) -> tuple[Any, ...]:
        """Return the remote values, one for each path in `at`."""
        raise NotImplementedError

    def cleared(self, count: int) -> tuple[Any, ...]:
        """Return what is written where the canonical value is None."""
        return (None,) * count

    def examples(self) -> Sequence[Value]:
        """Return canonical values that this codec carries; a field must allow all of them to use it."""
        raise NotImplementedError


class TextCodec(Codec):
    """A codec whose remote side is text: `max` refuses longer text, `clear` says how emptiness is written."""

    max: int | None = None
    clear: str | None = None

    def cleared(self, count: int) -> tuple[Any, ...]:
        """Return what this system takes for an empty text."""
        return (self.clear,) * count

    def fitting(self, text: str) -> str:
        """Return the text if it is short enough; a shortened name would be a wrong name."""
        return fitting(text, self.max)


def fitting(text: str, width: int | None) -> str:
    """Return the text, or refuse what is longer than `width`."""
    if width is not None and len(text) > width:
        raise RecordRejected(f"is longer than the {width} characters kept here ({shape(text)}); shorten it")
    return text


def text_of(remote: Any) -> str | None:
    """Return trimmed text, None for what is empty; numbers are text too, anything else is set aside.

    >>> text_of(" Ann "), text_of(42), text_of("")
    ('Ann', '42', None)
    """
    if isinstance(remote, str):
        return remote.strip() or None
    if remote is None:
        return None
    if isinstance(remote, int) and not isinstance(remote, bool):
        return str(remote)
    raise SetAside(f"is {shape(remote)} where text was expected")


def codec(name: str, parameters: Mapping[str, Any], context: Context, defaults: Mapping[str, Any]) -> Codec:
    """Return the codec called `name`, or say which parameter is wrong and which there are."""
    known = Codec.registry.get(name)
    if known is None:
        raise MappingError(f"no codec is called {name!r}; there are {', '.join(sorted(Codec.registry))}")
    wanted = {key: value for key, value in defaults.items() if key in known.model_fields} | dict(parameters)
    try:
        return known.model_validate(wanted).prepare(context)
    except ValidationError as error:
        wrong = told(error)
        allowed = ", ".join(info.alias or key for key, info in known.model_fields.items()) or "none"
        raise MappingError(f"codec {name!r}: {wrong} (its parameters: {allowed})") from None
