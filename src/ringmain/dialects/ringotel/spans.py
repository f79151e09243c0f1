"""Spans of time in parameters."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from ringmain.core.errors import Invalid
from ringmain.dialects.ringotel.params import Millis

USUAL: Final = timedelta(days=30)


class Span(msgspec.Struct, frozen=True):
    """`begin` and `end`: Unix milliseconds, as numbers or texts (section 5, reading 22). Without them: 30 days to now.

    `end` is not included.
    """

    begin: Millis | None = None
    end: Millis | None = None

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """When it begins and ends. Raises Invalid."""
        until = datetime.now(UTC) if self.end is None else moment(self.end)
        since = max(EPOCH, until - USUAL) if self.begin is None else moment(self.begin)
        if since > until:
            raise Invalid("begin", "must not be after end")
        return since, until


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment(milliseconds: int) -> datetime:
    """In UTC, exactly."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(when: datetime) -> int:
    """Unix milliseconds."""
    return (when - EPOCH) // timedelta(milliseconds=1)
