"""RingRx's errors: `{"error": ...}` with application/json for everything, unknown routes and wrong methods too."""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from ringmain.core import errors as core
from ringmain.database.pool import DatabaseUnavailable
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge, ErrorTable

NOT_AUTHENTICATED: Final = "Not Authenticated"


def refusal(status: int, detail: str | None = None) -> Response:
    """`{error}`. All 401 are the same: what was wrong is nobody's business."""
    text = NOT_AUTHENTICATED if status == HTTPStatus.UNAUTHORIZED else detail or HTTPStatus(status).phrase
    return answer.json({"error": text}, status)


ERRORS: Final = ErrorTable(
    {
        BadRequest: 400,
        BodyTooLarge: 413,
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
    },
    refusal,
)
