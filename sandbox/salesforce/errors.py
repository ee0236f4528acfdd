"""How this org refuses: a whole request, or one row of it."""

from typing import Any


class Refused(Exception):
    """A request that is answered with an HTTP status and a list of one error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = [{"message": message, "errorCode": code}]


class RowRefused(Exception):
    """One row of a collection that is not saved; the others are."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.fields = list(fields)

    def result(self) -> dict[str, Any]:
        """Return the row of a collection's answer."""
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields}
        return {"success": False, "errors": [error]}
