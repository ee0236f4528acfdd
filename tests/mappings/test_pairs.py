"""Recorded pairs: a remote record and the document it means, beside each mapping; read both ways.

A file `<system>/<entity>[.<stream>].pairs.yaml` is a list of `{remote, canonical}`, or a mapping with
`pairs` and the `overlay` they are recorded with. A pair may add `set_aside` (paths) or say `rejected: true`
instead of `canonical`.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from crossroads.errors import RecordRejected
from crossroads.mapping import Notice, load
from crossroads.mapping.files import Plain
from crossroads.testkit.laws import check_silence, check_understood


def pairs() -> list[Any]:
    found = []
    for path in sorted(Path(__file__).parent.glob("*/*.pairs.yaml")):
        read = yaml.load(path.read_text(encoding="utf-8"), Plain)
        told = read if isinstance(read, dict) else {"pairs": read}
        entity, _, stream = path.name.removesuffix(".pairs.yaml").partition(".")
        stream = told.get("stream") or stream or None
        which = (path.parent.name, entity, told.get("overlay"), stream)
        named = f"{path.parent.name}-{path.name.removesuffix('.pairs.yaml')}"
        found += [pytest.param(which, pair, id=f"{named}-{n}") for n, pair in enumerate(told["pairs"], 1)]
    return found


@pytest.mark.parametrize(("which", "pair"), pairs())
def test_a_recorded_record_means_its_document_and_back(
    which: tuple[str, str, str | None, str | None], pair: dict[str, Any]
) -> None:
    lens = load(*which)
    notices: list[Notice] = []
    (said,) = lens.read([pair["remote"]], notices)
    if pair.get("rejected"):
        assert isinstance(said, RecordRejected)
        return
    assert said == pair["canonical"]
    assert sorted(notice.path for notice in notices) == sorted(pair.get("set_aside", []))
    check_silence(lens, pair["remote"])
    if lens.writable:
        check_understood(lens, said, pair["remote"])
