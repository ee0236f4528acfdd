"""Answers of a shape nobody promised: what Python says of them, said as an error of ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from traceback import walk_tb
from typing import ParamSpec, TypeVar, cast

from crossroads.protocols import failures

P = ParamSpec("P")
T = TypeVar("T")

_ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Let what cannot be read in here end in a ConfigError, which names the place in our code and no value.

    What Python says quotes the value it stumbles over, so nothing of it is kept but the class.
    """
    try:
        yield
    except _ODD as error:
        raise failures.unreadable(what, _why(error), safe=True) from None


def legible(method: Callable[P, T]) -> Callable[P, T]:
    """Read all of a method's answers like that; for a connector's `check`, `read`, `fetch` and `find`.

    Not for its `write`: a write whose answer cannot be read is an `Unknown` of its own, beside the others' results.
    """
    what = f"{method.__module__}.{method.__qualname__}"

    @wraps(method)
    def read(*args: P.args, **kwargs: P.kwargs) -> T:
        with reading(what):
            found = method(*args, **kwargs)
        return cast("T", _each(found, what)) if isinstance(found, Iterator) else found

    return read


def _each(found: Iterator[T], what: str) -> Iterator[T]:
    with reading(what):
        yield from found


def _why(error: Exception) -> str:
    frame, line = list(walk_tb(error.__traceback__))[-1]
    place = f"{Path(frame.f_code.co_filename).name}, line {line}"
    return (
        f"the answer does not have the shape that is read here ({type(error).__name__} in {place}). Check the base "
        "URL, and whether the system is of a version this connector knows."
    )
