"""Errors of the operator API: RFC 9457 problem details with a `code` for programs."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
import structlog
from starlette.responses import Response

from ringmain.core import errors
from ringmain.database.pool import BUSY, CONTENDED, LOST, DatabaseUnavailable
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused. `code` never changes its meaning; `field` names the value that cannot be."""

    title: str
    status: int
    code: str
    detail: str
    field: str | None = None


# The first that fits counts. The database away is the server's fault and passes: 503, not 500.
CODES: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (BodyTooLarge, 413, "too_large"),
    (BadRequest, 400, "bad_request"),
    (errors.Invalid, 422, "invalid"),
    (errors.NotFound, 404, "not_found"),
    (errors.AlreadyExists, 409, "already_exists"),
    (errors.WrongState, 409, "wrong_state"),
    (errors.ReferenceReused, 409, "reference_reused"),
    (errors.OptedOut, 409, "opted_out"),
    (errors.Forbidden, 403, "forbidden"),
    (errors.Unauthenticated, 401, "unauthenticated"),
    (errors.TooLarge, 413, "too_large"),
    (errors.Unavailable, 503, "unavailable"),
    (DatabaseUnavailable, 503, "unavailable"),
    *((kind, 503, "unavailable") for kind in (*LOST, *BUSY, *CONTENDED)),
)
SPOKEN: Final = (errors.CoreError, BadRequest)
"""Errors whose text is for the caller; what any other says stays in the log."""


def problem(
    status: int, code: str, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An `application/problem+json` answer."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, field=field)
    return Response(answer.encode(body), status, headers, MEDIA_TYPE)


def response_to(error: Exception) -> Response:
    """The answer to this error; what is unknown is logged and answered by a bare 500."""
    status, code = next(((status, code) for kind, status, code in CODES if isinstance(error, kind)), (500, ""))
    if not code:
        log.error("operator request failed", error=type(error).__name__, exc_info=error)
        return problem(500, "internal", "The request failed; it was logged")
    if not isinstance(error, SPOKEN):
        log.warning("operator request could not be served", error=repr(error))
        return problem(status, code, "A part that this needs is away", headers={"Retry-After": "1"})
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    field = error.field if isinstance(error, errors.Invalid) else None
    return problem(status, code, str(error), field=field, headers=headers)
