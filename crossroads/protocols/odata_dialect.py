"""How OData services of SAP word their failures, also inside a success."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from crossroads.errors import AuthError, ConfigError, CrossroadsError, RecordRejected
from crossroads.protocols.answers import Answer, Dialect, reason
from crossroads.protocols.paging import place

# Repeats "see the details" for every business error and says nothing itself.
_SUMMARY = "/IWBEP/CX_MGW_BUSI_EXCEPTION"


class TokenError(ConfigError):
    """The CSRF token is missing or has run out: nothing was carried out, a fresh one is fetched."""


class ODataDialect(Dialect):
    """Error envelopes of V2 and V4, CSRF refusals, and errors inside 200."""

    def failure(self, answer: Answer, where: str) -> CrossroadsError | None:
        """Return the refusal that a `sap-message` header carries: S/4 can answer 200 with an error in it."""
        if answer.status >= 300:
            return None
        told = [one for one in messages(answer) if one.get("severity") == "error"]
        return RecordRejected(*(_reason(one) for one in told)) if told else None

    def forbidden(self, answer: Answer, where: str) -> CrossroadsError:
        """Tell a token that ran out from a permission that is missing."""
        if answer.headers.get("x-csrf-token", "").lower() == "required":
            return TokenError(f"{where} answered 403: the CSRF token has run out.")
        return AuthError(
            f"{where} answered 403: the user is known but may not do this "
            f"({'; '.join(self.reasons(answer))}). "
            "Check its roles (transaction SU53 of that user shows what was missing)."
        )

    def reasons(self, answer: Answer) -> Sequence[str]:
        """Return every error of the envelope: the details if they name any, else its head."""
        error = answer.body.get("error") if isinstance(answer.body, dict) else None
        if not isinstance(error, dict):
            return ()
        details = _dicts(error.get("details")) or _dicts(place(error, "innererror.errordetails"))
        told = [
            _reason(one)
            for one in details
            if one.get("severity", "error") == "error" and one.get("code") != _SUMMARY
        ]
        return list(dict.fromkeys(told)) or [_reason(error)]


def messages(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the messages of the `sap-message` header, its details included."""
    text = answer.headers.get("sap-message")
    if not text:
        return []
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(told, dict):
        return []
    return [told, *_dicts(told.get("details"))]


def warnings(answer: Answer) -> list[str]:
    """Return what a success warned of, by code and target."""
    return [_reason(one) for one in messages(answer) if one.get("severity") == "warning"]


def _dicts(told: Any) -> list[Mapping[str, Any]]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _reason(told: Mapping[str, Any]) -> str:
    message = told.get("message")
    if isinstance(message, dict):  # V2 wraps it with a language
        message = message.get("value")
    return reason(told.get("code"), told.get("propertyref") or told.get("target"), message)
