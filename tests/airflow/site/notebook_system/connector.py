"""People in a JSON file: a system of a third party, for the tests of the DAGs."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from crossroads.connector import Connector, Settings
from crossroads.errors import Unavailable
from crossroads.records import Batch, Change, State, Stream, WriteResult, Written


class NotebookSettings(Settings):
    base_url: str


class Notebook(Connector[NotebookSettings]):
    """People in a file. A file that is not there is a system that does not answer."""

    settings_model = NotebookSettings

    def check(self) -> None:
        self._people()

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        for person in self._people().values():
            if person.get("odd"):
                raise ValueError(f"as other software would say it: {person}")
        yield Batch(list(self._people().values()), State({"read": "all"}), last=True)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
        yield from (record for key, record in self._people().items() if key in keys)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        people = self._people()
        for change in changes:
            people[change.key] = {**people[change.key], **change.record}
            self._path().write_text(json.dumps(people))
            yield Written(change, change.key, record=people[change.key])

    def _path(self) -> Path:
        return Path(self.settings.base_url)

    def _people(self) -> dict[str, Any]:
        try:
            return json.loads(self._path().read_text())
        except FileNotFoundError:
            raise Unavailable("The notebook does not answer.", retry_after=0) from None
