"""A claim that a program can check is checked, and a false one is told."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from crossroads.launch.scaffold import TABLE, connector
from crossroads.quality import board
from crossroads.quality.claims import TIERS
from crossroads.quality.rules import RULES

ROOT = Path(__file__).parents[3]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one connector as it is written by `crossroads new connector`."""
    (tmp_path / "connectors").mkdir()
    (tmp_path / "pyproject.toml").write_text(TABLE)
    connector(tmp_path, "blue_desk")
    return tmp_path


def change(path: Path, how: Change) -> None:
    said = yaml.safe_load(path.read_text())
    how(said)
    path.write_text(yaml.safe_dump(said))


def false(root: Path) -> list[str]:
    (one,) = board.judged(root)
    return list(one.false)


def test_a_connector_as_it_is_written_makes_no_false_claim(checkout: Path) -> None:
    assert false(checkout) == []


def test_what_comes_with_crossroads_makes_no_false_claim() -> None:
    found = board.judged(ROOT)
    assert {one.name for one in found} >= {"sap_s4", "salesforce", "shopify", "mastodon", "discourse"}
    assert [f"{one.name}: {wrong}" for one in found for wrong in one.false] == []


def claim(rule: str) -> Change:
    return lambda said: said["rules"].update({rule: "done"})


CLAIMS = [
    (claim("rate-limit-honoured"), "rate-limit-honoured is not done: the manifest has no limits"),
    (claim("mapping-both-ways"), "mapping-both-ways is not done: no mapping is for customers"),
    (claim("deletions-seen"), "deletions-seen is not done: deletes are not seen: customers"),
    (lambda said: said.update(tier="gold"), "the manifest says bronze, quality.yaml says gold"),
    (lambda said: said.update(tier="silver"), "silver needs incremental-read, which is still to do"),
    (lambda said: said["rules"].pop("owner"), "nothing is said of owner"),
    (lambda said: said["rules"].update({"is-beautiful": "done"}), "there is no rule 'is-beautiful'"),
    (lambda said: said["rules"].update(owner={"exempt": "Nobody."}), "nobody is exempt from owner"),
    (
        lambda said: said["rules"].update({"idempotent-write": {"exempt": "It would be work."}}),
        "nobody who writes is exempt from idempotent-write",
    ),
    (lambda said: said["rules"].update(owner={"todo": " "}), "say done, {todo: why not yet}"),
]


@pytest.mark.parametrize(("how", "told"), CLAIMS, ids=[told for _, told in CLAIMS])
def test_a_false_claim_is_told(checkout: Path, how: Change, told: str) -> None:
    change(checkout / "connectors/blue_desk/quality.yaml", how)
    assert any(told in one for one in false(checkout)), false(checkout)


MANIFESTS = [
    (
        lambda said: said["settings"]["token"].update(type="text"),
        "secrets-typed is not done: not typed as secret: token",
    ),
    (lambda said: said["settings"]["token"].update(help=" "), "settings without help: token"),
    (lambda said: said.update(owner=" "), "the manifest names no owner"),
    (lambda said: said.update(unheard_of=1), "unheard_of: there is no such key"),
]


@pytest.mark.parametrize(("how", "told"), MANIFESTS, ids=[told for _, told in MANIFESTS])
def test_a_claim_that_the_manifest_belies_is_told(checkout: Path, how: Change, told: str) -> None:
    change(checkout / "connectors/blue_desk/manifest.yaml", how)
    assert any(told in one for one in false(checkout)), false(checkout)


def test_a_readme_with_nothing_below_a_heading_is_none(checkout: Path) -> None:
    readme = checkout / "connectors/blue_desk/README.md"
    text = readme.read_text()
    assert "## Removal\n" in text
    readme.write_text(text.partition("## Removal\n")[0] + "## Removal\n")
    assert false(checkout) == ["readme is not done: README.md says nothing below Removal"]


def test_a_contract_that_is_inherited_for_another_system_is_none(checkout: Path) -> None:
    test = checkout / "tests/connectors/blue_desk/test_contract.py"
    test.write_text(test.read_text().replace('system = "blue_desk"', 'system = "red_desk"'))
    (told,) = false(checkout)
    assert "contract-tests-pass is not done" in told


def test_a_write_that_no_contract_test_tries_is_not_safe(checkout: Path) -> None:
    change(checkout / "connectors/blue_desk/quality.yaml", claim("idempotent-write"))
    assert false(checkout) == []
    test = checkout / "tests/connectors/blue_desk/test_contract.py"
    test.write_text(test.read_text().replace('new_record = {"customers"', 'new_record = {"others"'))
    assert false(checkout) == [
        "idempotent-write is not done: the contract test has no new_record for customers"
    ]


def test_a_mapping_without_recorded_pairs_is_not_proved(checkout: Path) -> None:
    change(checkout / "connectors/blue_desk/quality.yaml", claim("mapping-both-ways"))
    mapping = checkout / "mappings/blue_desk/customer.yaml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text("stream: customers\n")
    assert false(checkout) == ["mapping-both-ways is not done: no recorded pairs for customer"]
    pairs = checkout / "tests/mappings/blue_desk/customer.pairs.yaml"
    pairs.parent.mkdir(parents=True)
    pairs.write_text("- {remote: {}, canonical: {}}\n")
    assert false(checkout) == []


def test_code_that_the_type_checker_overlooks_is_not_strictly_typed(checkout: Path) -> None:
    change(checkout / "connectors/blue_desk/quality.yaml", claim("strict-typing"))
    (checkout / "connectors/blue_desk/connector.py").write_text("x = 1  # type: ignore[assignment]\n")
    assert any("strict-typing is not done" in one for one in false(checkout))


def test_the_board_shows_every_rule_and_what_is_believed_only(checkout: Path) -> None:
    change(checkout / "connectors/blue_desk/quality.yaml", claim("volume-tested"))
    out = StringIO()
    assert board.show(Console(file=out, width=200), board.judged(checkout))
    assert all(rule.name in out.getvalue() for rule in RULES)
    assert "volume-tested            by review" in out.getvalue()
    assert "No false claim among 1 connectors." in out.getvalue()


def test_the_board_is_red_with_one_false_claim(checkout: Path) -> None:
    (checkout / "connectors/blue_desk/quality.yaml").unlink()
    out = StringIO()
    assert not board.show(Console(file=out, width=200), board.judged(checkout))
    assert "there are no claims" in out.getvalue()


def test_rules_stand_in_the_order_of_their_tiers() -> None:
    order = [TIERS.index(rule.tier) for rule in RULES]
    assert order == sorted(order)
    assert len({rule.name for rule in RULES}) == len(RULES)
