"""From the core's refusals to a vendor's answers: one table a dialect, and a catch-all that hides what went wrong."""

from collections.abc import Callable, Mapping

import structlog
from starlette.responses import Response

from ringmain.database.pool import CONTENDED, DatabaseUnavailable

log = structlog.get_logger()


class BadRequest(Exception):
    """The request itself cannot be read. `reason` is a sentence for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BodyTooLarge(BadRequest):
    """The body is over the route's limit, in octets."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} octets")


class ErrorTable:
    """Which answer each class of error gets; a subclass without an entry gets its base's.

    `answer` makes the vendor's error of a status and a detail, `None` standing for the status' usual sentence.
    """

    def __init__(self, statuses: Mapping[type[Exception], int], answer: Callable[[int, str | None], Response]) -> None:
        self._statuses = dict(statuses)
        self._answer = answer

    def response_to(self, error: Exception) -> Response:
        """The vendor's answer to this error. What the table does not know is logged and answered by a bare 500."""
        if isinstance(error, CONTENDED):
            error = DatabaseUnavailable(f"nothing was done: {error}")
        for kind in type(error).__mro__:
            status = self._statuses.get(kind)
            if status is not None and status < 500:
                return self._answer(status, str(error))
            if status is not None:
                log.warning("request failed", error=repr(error))
                return self._answer(status, None)
        log.error("request failed", error=type(error).__name__, exc_info=error)
        return self._answer(500, None)
