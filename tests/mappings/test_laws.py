"""Every mapping file keeps the three laws, as the vendor ships it and as each connection says it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.mapping import folder, load
from crossroads.testkit.laws import check_laws


def files() -> list[tuple[str, str, str | None, str | None]]:
    """Every mapping there is: system, entity, overlay, stream."""
    found: list[tuple[str, str, str | None, str | None]] = []
    for path in sorted(folder().glob("*/*.yaml")):
        if path.parent.name == "codes":
            continue
        entity, _, stream = path.stem.partition(".")
        found.append((path.parent.name, entity, None, stream or None))
        found += [
            (path.parent.name, entity, over.parent.name, stream or None)
            for over in sorted(folder().glob(f"overlays/*/{path.name}"))
            if f"mapping: {path.parent.name}/{path.stem}\n" in over.read_text()
        ]
    return found


@pytest.mark.parametrize(
    ("system", "entity", "overlay", "stream"),
    files(),
    ids=lambda part: part if isinstance(part, str) else "-",
)
def test_a_mapping_keeps_the_three_laws(
    system: str, entity: str, overlay: str | None, stream: str | None
) -> None:
    lens = load(system, entity, overlay, stream)

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def laws(data: st.DataObject) -> None:
        check_laws(lens, data)

    laws()


def test_there_are_mappings_to_hold_to_the_laws() -> None:
    assert len(files()) >= 5
