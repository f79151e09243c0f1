"""RingPlan spells dates in several ways, each object its own (specs/ringplan.md 6, row 14)."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


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
