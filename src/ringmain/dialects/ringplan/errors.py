"""RingPlan's errors: problem documents (RFC 7807) for everything, unknown routes and wrong methods too."""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from ringmain.core import errors as core
from ringmain.database.pool import DatabaseUnavailable
from ringmain.dialects.kit.answer import encode
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge, ErrorTable

PROBLEM: Final = "application/problem+json"

DETAILS: Final = {
    404: "The requested URL was not found on the server.",
    405: "The method is not allowed for the requested URL.",
    500: "The server encountered an internal error.",
    502: "A system behind this server failed; nothing was changed here.",
    503: "The server's database is away; try again.",
}


def problem(status: int, detail: str | None = None) -> Response:
    """`{detail, status, title, type}`."""
    title = HTTPStatus(status).phrase
    body = {"detail": detail or DETAILS.get(status, title), "status": status, "title": title, "type": "about:blank"}
    return Response(encode(body), status, media_type=PROBLEM)


ERRORS: Final = ErrorTable(
    {
        BadRequest: 400,
        BodyTooLarge: 413,
        core.Invalid: 400,
        core.OptedOut: 400,
        core.Unauthenticated: 401,
        core.Forbidden: 403,
        core.NotFound: 404,
        core.WrongState: 406,
        core.AlreadyExists: 409,
        core.ReferenceReused: 409,
        core.TooLarge: 413,
        core.Throttled: 429,
        core.Unavailable: 502,
        DatabaseUnavailable: 503,
    },
    problem,
)
