"""The table of codecs in mappings/README.md is what the codecs say of themselves."""

import doctest
from types import ModuleType

import pytest

from crossroads.canonical import telephone
from crossroads.mapping import codecs, folder, paths
from crossroads.mapping.catalogue import MODULES, names
from crossroads.mapping.codecs import Codec


@pytest.mark.parametrize("name", names())
def test_every_codec_stands_in_the_table_with_its_parameters(name: str) -> None:
    codec = Codec.registry[name]
    parameters = ", ".join(f"`{info.alias or key}`" for key, info in codec.model_fields.items())
    row = f"| `{name}` | {(codec.__doc__ or '').splitlines()[0]} | {parameters} |"
    assert row in (folder() / "README.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("module", [*MODULES, codecs, paths, telephone], ids=lambda module: module.__name__)
def test_the_examples_in_the_code_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
