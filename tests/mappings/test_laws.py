"""Every mapping file keeps the three laws, as the vendor ships it and as each connection says it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.mapping import Lens, folder, load
from crossroads.testkit.laws import check_laws


def lenses() -> list[Lens]:
    found = []
    for path in sorted(folder().glob("*/*.yaml")):
        if path.parent.name == "codes":
            continue
        entity, _, stream = path.stem.partition(".")
        found.append(load(path.parent.name, entity, stream=stream or None))
        found += [
            load(path.parent.name, entity, over.parent.name, stream or None)
            for over in sorted(folder().glob(f"overlays/*/{path.name}"))
            if f"mapping: {path.parent.name}/{path.stem}\n" in over.read_text()
        ]
    return found


LENSES = lenses()


@pytest.mark.parametrize("lens", LENSES, ids=lambda lens: f"{lens.name}-{lens.version}")
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_mapping_keeps_the_three_laws(lens: Lens, data: st.DataObject) -> None:
    check_laws(lens, data)
