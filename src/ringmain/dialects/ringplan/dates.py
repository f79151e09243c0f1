"""RingPlan spells dates in several ways, each object its own; any ISO 8601 is read (specs/ringplan.md 6, row 14)."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringmain.dialects.kit.errors import BadRequest

UNENCODED: Final = re.compile(r" (?=\d{2}:?\d{2}\Z)")
"""The + of an offset, which a query that is not encoded turns into a blank."""
MAX_LENGTH: Final = 40


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def with_offset(moment: datetime, timezone: str) -> str:
    """As in 2021-10-01T17:14:55.613000+0300: company, message, a conversation's last message."""
    text = moment.astimezone(_zone(timezone)).isoformat(timespec="microseconds")
    return f"{text[:-3]}{text[-2:]}"


def zulu(moment: datetime) -> str:
    """As in 2021-08-18T11:20:51.510000Z: user, file, and all that the vendor shows no other way."""
    return f"{naive(moment)}Z"


def naive(moment: datetime) -> str:
    """As in 2022-08-10T12:31:37.164696, in UTC: a conversation's updated_at."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def start(text: str, name: str) -> datetime:
    """The moment that the parameter `name` says; a date alone means its first moment. Without an offset it is UTC.

    Raises BadRequest.
    """
    return _read(text, name, time.min)


def end(text: str, name: str) -> datetime:
    """As `start`, but a date alone means its last microsecond."""
    return _read(text, name, time.max)


def _read(text: str, name: str, of_day: time) -> datetime:
    given = UNENCODED.sub("+", text.strip()) if len(text) <= MAX_LENGTH else ""
    try:
        if len(given) == len("2021-10-01"):
            return datetime.combine(date.fromisoformat(given), of_day, UTC)
        moment = datetime.fromisoformat(given)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"{name} must be a date as in 2021-10-01 or 2021-10-01T17:14:55Z") from error
