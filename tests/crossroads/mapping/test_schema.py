"""The schema for editors is what the models say today."""

from crossroads.mapping import folder
from crossroads.mapping.schema import text


def test_the_kept_schema_is_current() -> None:
    assert (folder() / "schema.json").read_bytes() == text(), "run: python -m crossroads.mapping.schema"
