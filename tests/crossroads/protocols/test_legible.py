"""What cannot be read of an answer ends in an error of ours, which tells the place and no value."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crossroads.errors import ConfigError, Unavailable
from crossroads.protocols.legible import legible, reading

SECRET = "Zebulon"


class Reader:
    @legible
    def fetch(self, read: Callable[[], Any]) -> Iterator[Any]:
        yield 1
        yield read()

    @legible
    def check(self, read: Callable[[], Any]) -> Any:
        return read()


UNREADABLE: dict[str, Callable[[], Any]] = {
    "KeyError": lambda: {}[SECRET],
    "IndexError": lambda: [][0],
    "ValueError": lambda: int(SECRET),
    "TypeError": lambda: iter(1),  # type: ignore[call-overload]
    "AttributeError": lambda: None.get(SECRET),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_told_with_its_place_and_no_value(name: str) -> None:
    read, asks = UNREADABLE[name], Reader()
    for ask in (lambda: asks.check(read), lambda: list(asks.fetch(read))):
        with pytest.raises(
            ConfigError, match=rf"Reader\.\w+: .*{name} in test_legible.py, line \d+.*base URL"
        ) as caught:
            ask()
        assert SECRET not in str(caught.value)
        assert caught.value.__suppress_context__, "or a traceback would print it"


def test_what_was_read_before_is_handed_on() -> None:
    found = Reader().fetch(UNREADABLE["KeyError"])
    assert next(found) == 1
    with pytest.raises(ConfigError):
        next(found)


def test_an_error_of_ours_stays_what_it_is() -> None:
    with pytest.raises(Unavailable, match="down"), reading("GET /x"):
        raise Unavailable("down")
