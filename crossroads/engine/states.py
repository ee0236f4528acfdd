"""The states of an intended write, and the only ways from one to the next; drawn in docs/architecture.md."""

from collections.abc import Mapping

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "planned": {
        "sent": "claimed under a lease",
        "superseded": "planned anew",
        "unknown": "a create to be repeated is looked up first",
    },
    "sent": {
        "written": "Written",
        "rejected": "Rejected",
        "superseded": "somebody changed or made the record, it is planned anew",
        "planned": "it was not sent",
        "unknown": "the answer was lost, or the attempt died",
    },
    "unknown": {
        "written": "it is there, or a person says so",
        "planned": "a create is not there and may be sent again",
        "superseded": "it is not there and is planned anew, or nobody needs it",
    },
    "written": {},
    "rejected": {},
    "superseded": {},
}
"""State -> state that may follow -> why it does."""

START = "planned"
OPEN = tuple(state for state, ways in TRANSITIONS.items() if ways)
ENDED = tuple(state for state, ways in TRANSITIONS.items() if not ways)


class IllegalTransitionError(Exception):
    """The code tried a way that the table does not have: a mistake of ours, never a matter of data."""


def checked(before: str, after: str) -> str:
    """Return `after` if that state may follow on `before`; a claim may be taken over within its state.

    >>> checked("planned", "sent")
    'sent'
    """
    if after not in TRANSITIONS[before] and not (before == after == "unknown"):
        raise IllegalTransitionError(f"An intent that is {before} cannot become {after}.")
    return after


def drawing() -> str:
    """Return the table as the lines of a mermaid state diagram."""
    lines = [f"  [*] --> {START}"]
    lines += [
        f"  {before} --> {after}: {why}"
        for before, ways in TRANSITIONS.items()
        for after, why in ways.items()
    ]
    lines += [f"  {state} --> [*]" for state in ENDED]
    return "\n".join(lines)
