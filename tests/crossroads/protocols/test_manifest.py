"""Manifests: unknown keys, wrong values and missing files are told by name; every installed one can be read."""

from pathlib import Path

import pytest

from crossroads import manifest, registry
from crossroads.errors import ConfigError

GOOD = """
name: tiny
title: Tiny
category: crm
protocol: rest
owner: us
quality: bronze
settings: {base_url: {type: url, help: "Where."}}
streams: {people: {key: id}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "manifest.yaml"
    path.write_text(text)
    return path


def test_a_manifest_gives_streams_and_settings(tmp_path: Path) -> None:
    found = manifest.read(written(tmp_path, GOOD))
    assert found.stream("people").key == "id"
    assert found.settings_model().model_validate({"base_url": "https://x.example"})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("owner: us", "owner: us\nowners: [me]", "manifest.yaml: owners: there is no such key"),
        ("key: id", "kee: id", "streams.people.key: Field required"),
        ("type: url", "type: uri", "settings.base_url.type"),
        ("name: tiny", "name: Tiny Shop", "name: String should match"),
        ("title: Tiny", "title: [", "not YAML"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.yaml") as caught:
        manifest.read(written(tmp_path, GOOD.replace(old, new)))
    assert told in str(caught.value)


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no manifest"):
        manifest.read(tmp_path / "manifest.yaml")


def test_a_refused_setting_does_not_tell_its_value() -> None:
    with pytest.raises(ConfigError) as caught:
        registry.open("sap_s4", {"base_url": "x", "user": "u", "password": ["top-secret"]})
    assert "password" in str(caught.value)
    assert "top-secret" not in str(caught.value)


def test_a_stream_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="has no stream 'partners'; it has business_partners, sales_orders"):
        registry.open("sap_s4", {}, {"partners": {}})
