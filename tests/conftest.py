"""A real PostgreSQL for the tests that ask for one, if it is installed here."""

import os
from collections.abc import Iterator
from functools import cached_property

import pytest

from crossroads.store import migrate
from sandbox import postgres as server

# As wide as a file or a pipe is laid out; workers of a parallel test run have a terminal of 80 columns, or none.
os.environ["COLUMNS"] = "140"


class Databases:
    """The databases of one server, made and dropped at will."""

    def __init__(self, url: str) -> None:
        self.url = url

    def empty(self) -> str:
        return server.database(self.url)

    def migrated(self) -> str:
        """Return a database with the store's tables; copied, because migrating takes ten times as long."""
        return server.database(self.url, self._template)

    def drop(self, url: str) -> None:
        server.drop(self.url, url)

    @cached_property
    def _template(self) -> str:
        url = self.empty()
        migrate(url)
        return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    try:
        with server.cluster() as url:
            yield Databases(url)
    except LookupError as error:
        if os.environ.get("CROSSROADS_NEED_POSTGRES"):
            pytest.fail(str(error))
        pytest.skip(str(error))
