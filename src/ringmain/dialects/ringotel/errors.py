"""Ringotel's errors: `{"error": {"code", "message"}}` (specs/ringotel.md 1)."""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from ringmain.core import errors as core
from ringmain.database.pool import DatabaseUnavailable
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge, ErrorTable

MESSAGES: Final = {
    404: "There is nothing at this address",
    405: "Only POST is answered here",
    500: "Internal error",
    502: "A system behind this server failed; nothing was changed here",
    503: "The database is away; try again",
}
TRANSPORT: Final = frozenset({401, 500, 503})
"""What is said by the HTTP status too, whatever application errors are sent with."""

WORDS: Final = {
    "company": "organization",
    "instance": "branch",
    "extension": "user",
    "conversation": "session",
    "trunk": "SMS trunk",
}
"""The vendor's, for what the core calls otherwise."""


class UnknownMethod(Exception):
    """There is no method of this name."""


class NotReadable(BadRequest):
    """The body is no JSON object: the one error that HTTP says as 400."""


STATUSES: Final[dict[type[Exception], int]] = {
    BadRequest: 400,
    BodyTooLarge: 413,
    UnknownMethod: 405,
    core.Invalid: 400,
    core.OptedOut: 400,
    core.Unauthenticated: 401,
    core.Forbidden: 403,
    core.NotFound: 404,
    core.WrongState: 409,
    core.AlreadyExists: 409,
    core.ReferenceReused: 409,
    core.TooLarge: 413,
    core.Throttled: 429,
    core.Unavailable: 502,
    DatabaseUnavailable: 503,
}


def failure(code: int, message: str | None = None) -> Response:
    """The error of what is no call at all: HTTP says it as well."""
    return _error(code, message, code)


class Errors(ErrorTable):
    """Errors of calls. `error_status`: the HTTP status of those of the application, 200 or 500."""

    def __init__(self, error_status: int) -> None:
        super().__init__(
            STATUSES, lambda code, message: _error(code, message, code if code in TRANSPORT else error_status)
        )

    def response_to(self, error: Exception) -> Response:
        """The answer to this error. What cannot be read at all is 400 by HTTP too."""
        if isinstance(error, NotReadable | BodyTooLarge):
            return failure(STATUSES[BodyTooLarge] if isinstance(error, BodyTooLarge) else 400, str(error))
        if isinstance(error, core.NotFound):
            error = core.NotFound(WORDS.get(error.kind, error.kind))
        return super().response_to(error)


def _error(code: int, message: str | None, status: int) -> Response:
    text = message or MESSAGES.get(code, HTTPStatus(code).phrase)
    return answer.json({"error": {"code": code, "message": text}}, status)
