"""Dates as RingRx writes and reads them (specs/ringrx.md 2, row 10; 5, row 5)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringmain.dialects.kit.errors import BadRequest

DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")


def stamp(moment: datetime) -> str:
    """`2019-02-15T23:48:54+00:00`, never Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def zone_of(timezone: str) -> ZoneInfo:
    """The time zone of this name, or UTC."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def start(text: str, name: str, zone: ZoneInfo) -> datetime:
    """When this day begins: `DD-MM-YYYY`, or ISO; an ISO time is itself. Raises BadRequest."""
    day = _day(text)
    return _moment(text, name, zone) if day is None else datetime.combine(day, time.min, zone)


def end(text: str, name: str, zone: ZoneInfo) -> datetime:
    """When this day is over, as the beginning of the next; behind an ISO time. Raises BadRequest."""
    day = _day(text)
    if day is None:
        return _moment(text, name, zone) + timedelta(microseconds=1)
    if day == date.max:
        raise BadRequest(f"{name} is too late")
    return datetime.combine(day + timedelta(days=1), time.min, zone)


def _day(text: str) -> date | None:
    text = text.strip()
    found = DAY_FIRST.fullmatch(text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(text: str, name: str, zone: ZoneInfo) -> datetime:
    # The blank of a query is the plus of a time zone.
    try:
        moment = datetime.fromisoformat(re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", text.strip()))
        # Beyond the ends of time it has no UTC.
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} must be a date, as DD-MM-YYYY or ISO 8601") from None
