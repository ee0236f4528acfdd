"""How the Gateway refuses: a status, a code, the V2 error envelope. Codes marked K are not confirmed."""

from typing import Any


class Refusal(Exception):
    """One refused request."""

    def __init__(self, status: int, code: str, message: str, *details: dict[str, str]) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details = status, code, message, list(details)

    @property
    def envelope(self) -> dict[str, Any]:
        inner = {
            "transactionid": "0" * 32,
            "errordetails": [{"severity": "error", **one} for one in self.details],
        }
        return {
            "error": {
                "code": self.code,
                "message": {"lang": "en", "value": self.message},
                "innererror": inner,
            },
        }


def malformed(name: str, message: str) -> Refusal:
    """Return the refusal of a property the Gateway cannot read (K)."""
    detail = {"code": "/IWBEP/CM_MGW_RT/022", "message": f"{name}: {message}", "propertyref": name}
    return Refusal(400, "/IWBEP/CM_MGW_RT/022", f"Property {name}: {message}", detail)


def business(code: str, message: str, name: str = "") -> Refusal:
    """Return a refusal by the application: a summary row and the row that says it."""
    summary = {
        "code": "/IWBEP/CX_MGW_BUSI_EXCEPTION",
        "message": "An exception was raised",
        "propertyref": "",
    }
    return Refusal(400, code, message, {"code": code, "message": message, "propertyref": name}, summary)


NOT_FOUND = Refusal(404, "/IWBEP/CM_MGW_RT/020", "Resource not found for segment")
