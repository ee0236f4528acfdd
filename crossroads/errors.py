"""Every error Crossroads raises, sorted by what happens next.

CrossroadsError
  ConfigError        a person must change something; no retry makes sense
    AuthError        credentials were refused; tried once only, repeated tries lock SAP users
    MappingError     a mapping, overlay or code list is wrong
    Untrained        of these records nothing to rely on can be learnt
  Unavailable        the same call may succeed later, after `retry_after` seconds if known
  RecordRejected     set this one record aside and carry on
    Conflict         somebody changed the record since we last saw it: read it again
  OutcomeUnknown     the write may have happened: `find` before anything else
  HistoryLost        the system no longer tells all that happened since: compare everything once
  Superseded         another attempt of the same work took over: stop quietly

A message names the record, the field, the value's shape and what to do. It never carries a personal value.
"""

from collections.abc import Sequence

from pydantic import ValidationError


class CrossroadsError(Exception):
    """Root of the tree."""


class ConfigError(CrossroadsError):
    """A person has to change something before a retry makes sense."""


class AuthError(ConfigError):
    """The remote system refused our credentials; never retried."""


class MappingError(ConfigError):
    """A mapping file cannot be loaded or contradicts the canonical model."""


class Untrained(ConfigError):
    """Who is who cannot be learnt from these records; what is known of others may do."""


class Unavailable(CrossroadsError):
    """The remote system cannot answer now; the same call may succeed later."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecordRejected(CrossroadsError):
    """One record cannot be translated or was refused; `reasons` says every why."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons: Sequence[str] = reasons


class Conflict(RecordRejected):
    """The record's version is no longer the one we last saw."""


class OutcomeUnknown(CrossroadsError):
    """The request was sent and no answer came: it may have been carried out."""


class HistoryLost(CrossroadsError):
    """Changes or deletions since the last read cannot be asked for any more; only comparing everything finds them."""


class Superseded(CrossroadsError):
    """A newer attempt holds the lease; this one must not write any more."""


def told(error: ValidationError) -> str:
    """Say what a pydantic model refused in a file or in settings: the key and what to do, never the refused value."""
    said = []
    for one in error.errors(include_input=False, include_url=False):
        unknown = one["type"] == "extra_forbidden"
        what = "there is no such key; correct or remove it" if unknown else one["msg"]
        said.append(f"{'.'.join(map(str, one['loc'])) or 'the whole of it'}: {what}")
    return "; ".join(said)


def shape(value: object) -> str:
    """Describe a value without saying it: its type, length and kinds of character.

    >>> shape("Müller-17")
    'text of 9: letters, digits, other'
    """
    if not isinstance(value, str):
        return "nothing" if value is None else type(value).__name__
    kinds = [
        name
        for name, found in (
            ("letters", any(c.isalpha() for c in value)),
            ("digits", any(c.isdigit() for c in value)),
            ("blanks", any(c.isspace() for c in value)),
            ("other", any(not (c.isalnum() or c.isspace()) for c in value)),
        )
        if found
    ]
    return f"text of {len(value)}: {', '.join(kinds) or 'empty'}"
