"""What carries a record shows keys and paths of itself, never a value: a repr ends up in logs and error messages."""

from typing import Any

import pytest

from crossroads.audit.explain import Field, Said
from crossroads.audit.profiles import Found as Hit
from crossroads.audit.trail import Line, Write
from crossroads.engine.belonging import Stranger
from crossroads.engine.echo import Held
from crossroads.engine.ledger import Claim
from crossroads.engine.match import Dirty
from crossroads.engine.page import Page
from crossroads.engine.parts import Part as Contributed
from crossroads.engine.planning import Target
from crossroads.engine.survivorship import Source
from crossroads.identity.online.nodes import Node as Weighed
from crossroads.identity.partition import Edge
from crossroads.identity.person import Person
from crossroads.mapping.lines import Patch
from crossroads.protocols.answers import Answer
from crossroads.protocols.graphql import Mutated
from crossroads.protocols.odata_batch import Operation
from crossroads.protocols.wire import Call
from crossroads.records import Batch, Change, Found, Part, Rejected, State, Unknown, Written

VALUE = "zebulon"
RECORD = {"given": VALUE}
CHANGE = Change("i", RECORD, "1", (Part(("a",), "A", {}, RECORD, True),), RECORD)
HELD = Held("c", RECORD, RECORD, {"given": [VALUE, VALUE]}, {}, "", None)
CARRIERS: list[Any] = [
    CHANGE,
    Written(CHANGE, "1", None, RECORD),
    Rejected(CHANGE, []),
    Unknown(CHANGE, ""),
    Found("1", None, RECORD),
    Batch([RECORD], State()),
    Patch(RECORD, CHANGE.parts),  # type: ignore[arg-type]
    HELD,
    Source("c", "s/p/1", "s", "m", RECORD, ""),
    Page(
        records={"1": RECORD},
        payloads={"1": ("", VALUE.encode())},
        documents={"1": RECORD},
        rejected=[("1", [], RECORD)],
    ),
    Claim("i", "p", "1", "sent", RECORD, {"record": RECORD}, None, None, 1, None),
    Dirty("c", "s", "p", "1", f'[["email:{VALUE}"]]', None, None, False, None, HELD),
    Contributed("p", "s", "p", "1", "m", HELD),
    Target("1", None, VALUE.encode(), None, HELD),
    Stranger(VALUE, VALUE, RECORD, RECORD, VALUE, gone=False),
    Weighed(1, "s/p/1", (Person(VALUE),), 0, 0),
    Person(VALUE, keys=(VALUE,)),
    Edge("s/p/1", "s/p/2", f"email:{VALUE}"),
    Answer(200, {}, RECORD, VALUE.encode(), f"https://x.example/?q={VALUE}"),
    Call("GET", f"https://x.example/{VALUE}", True, RECORD, VALUE.encode(), {"Authorization": VALUE}),
    Operation("PATCH", f"A('{VALUE}')", RECORD),
    Mutated({"a": RECORD}, {}),
    Said("s/p/1", VALUE, "", True, "m"),
    Field(
        "given", VALUE, "s/p/1", "only", (), None, "", "r", "m", (Said("s/p/1", VALUE, "", True, "m"),), True
    ),
    Hit("p", "customer", RECORD, ("given",), ()),
    Write("i", "s/p", "1", "sent", RECORD, (), 1, "", None, None, "r"),
    Line(1, "", "r", "settle", {"given": [None, VALUE]}),
]


@pytest.mark.parametrize(
    "carrier", CARRIERS, ids=[f"{type(c).__module__}.{type(c).__name__}" for c in CARRIERS]
)
def test_a_repr_tells_no_value(carrier: Any) -> None:
    assert VALUE not in repr(carrier)
