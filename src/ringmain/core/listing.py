"""What the statements of lists share: numbered arguments, and spans of time that counters by day can answer."""

from datetime import UTC, datetime, timedelta
from typing import Final

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2300, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)


class Arguments:
    """The values of a statement; those given at once are `$1` and on."""

    def __init__(self, *values: object) -> None:
        self.values: list[object] = list(values)

    def add(self, value: object) -> str:
        """The value's place in the statement."""
        self.values.append(value)
        return f"${len(self.values)}"


def midnight(moment: datetime) -> datetime:
    """The beginning of its day, in UTC."""
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def clamped(moment: datetime) -> datetime:
    """In UTC, and far enough from the ends of time to add a day."""
    if moment <= EARLIEST:
        return EARLIEST
    return LATEST if moment >= LATEST else moment.astimezone(UTC)
