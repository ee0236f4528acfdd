"""The quality scale: every rule, its tier, what it means, and what proves it. Nothing else lists them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from crossroads.quality import checks
from crossroads.quality.claims import Tier
from crossroads.quality.subject import Subject

Check: TypeAlias = Callable[[Subject], str | None]
"""Returns what is wrong with the claim that a rule is done, or None."""

REVIEW = "by review"


class Rule(NamedTuple):
    """One rule; without a check it is believed by review only, and the board says so."""

    name: str
    tier: Tier
    means: str
    proof: str = REVIEW
    check: Check | None = None


RULES: Sequence[Rule] = (
    Rule("contract-tests-pass", "bronze", "it keeps the connector contract",
         "its tests inherit `ConnectorContract`; `make test` runs them", checks.contract_tested),
    Rule("settings-described", "bronze", "every setting says what it is", "the manifest", checks.settings_described),
    Rule("secrets-typed", "bronze", "what is called a password, secret, token or key is typed as a secret",
         "the manifest", checks.secrets_typed),
    Rule("readme", "bronze", "set-up, permissions and removal are described", "the README's headings", checks.readme),
    Rule("owner", "bronze", "somebody is responsible", "the manifest", checks.owner),
    Rule("incremental-read", "silver", "only what changed is read", "the contract tests; `since` in a manifest without code",
         checks.incremental),
    Rule("idempotent-write", "silver", "a create whose answer was lost is made once",
         "the contract tests have a record for every stream that creates", checks.idempotent),
    Rule("rejects-one-not-all", "silver", "a refused record stops no other",
         "the contract tests have a refused record for every stream that creates", checks.rejecting),
    Rule("rate-limit-honoured", "silver", "it waits as long as the system asks",
         "the contract tests; `limits` in a manifest without code", checks.limited),
    Rule("mapping-both-ways", "silver", "every stream has a mapping that keeps the three laws",
         "a mapping for every stream, recorded pairs for every mapping", checks.mapped),
    Rule("deletions-seen", "gold", "deleted records are noticed", "`deletes` of every stream that is read", checks.deletions),
    Rule("version-checked-writes", "gold", "a record somebody changed meanwhile is not overwritten"),
    Rule("known-limits-documented", "gold", "what it cannot do is said", "the README's heading", checks.limits_told),
    Rule("recorded-fixtures", "gold", "its payloads were recorded from a real system"),
    Rule("strict-typing", "platinum", "its code is typed without exceptions",
         "`mypy --strict` (`make check`), and no `type: ignore`", checks.typed),
    Rule("volume-tested", "platinum", "100,000 records were read with flat memory"),
)  # fmt: skip
