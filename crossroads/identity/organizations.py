"""Whether two records are one organisation's: by rules, for what is learnt from people says nothing of firms."""

from collections.abc import Sequence

from crossroads.identity.evidence import Row
from crossroads.identity.levels import OTHER_NUMBER, likeness, tax_id
from crossroads.identity.person import Person

ALIKE = 0.9
SURE, LIKELY, APART = 20.0, 8.0, -100.0


def organizations(a: Person, b: Person) -> Sequence[Row]:
    """Return what the weight of two records is made of, of which one is an organisation's at least.

    A shared number of a system makes them one, and so does a name that is alike together with a place, an address of e-mail or
    a telephone, unless their tax numbers differ. A person is never an organisation, whatever they share.
    """
    if not (a.legal and b.legal):
        return [Row("kind", "an organisation and a person", APART)]
    if any(key in b.keys and key.startswith(("id", "reference")) for key in a.keys):
        return [Row("id", "the same", SURE)]
    if tax_id(a, b) >= OTHER_NUMBER:
        return [Row("tax_id", "other", APART)]
    if a.legal != b.legal and likeness(a.legal, b.legal) < ALIKE:
        return [Row("legal name", "other", APART)]
    for field in ("tax_id", "email", "number", "door", "postcode"):
        if (said := getattr(a, field)) and said == getattr(b, field):
            return [Row("legal name", "alike", 0.0), Row(field, "equal", LIKELY)]
    return [Row("legal name", "alike, and nothing else", 0.0)]
