"""From a rule to the times at which people meet, by the wall clock of a time zone: nine stays nine all year."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import islice
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.relativedelta import relativedelta
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from ringmain.core.errors import Invalid
from ringmain.core.meetings.model import HORIZON_YEARS, MAX_INSTANCES, Frequency, Recurrence

FREQUENCIES: Final[Mapping[Frequency, Literal[0, 1, 2, 3]]] = {
    "DAILY": DAILY,
    "WEEKLY": WEEKLY,
    "MONTHLY": MONTHLY,
    "YEARLY": YEARLY,
}
LATEST_YEAR: Final = 2199
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """The time zone of this name; UTC for one that there is none of."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def starts(rule: Recurrence, first: datetime, timezone: str) -> list[datetime]:
    """When they start, in UTC: from `first` on, which is left out if the rule's weekdays do.

    Raises Invalid("recurrence") for a rule that makes none, or more than `MAX_INSTANCES`.
    """
    if rule.count is not None and rule.until is not None:
        raise Invalid("recurrence", "may have a count or an end, not both")
    place = zone(timezone)
    wall = first.astimezone(place).replace(tzinfo=None)
    endless = rule.count is None and rule.until is None
    if rule.until is not None and rule.until.year > LATEST_YEAR:
        raise Invalid("recurrence", f"must end by the year {LATEST_YEAR}")
    # There is always an end: a rule may match no day at all, and would be searched to the end of time.
    until = datetime(LATEST_YEAR, 12, 31) if rule.until is None else rule.until.astimezone(place).replace(tzinfo=None)  # noqa: DTZ001
    every = rrule(
        FREQUENCIES[rule.frequency],
        dtstart=wall,
        interval=rule.interval,
        until=wall + relativedelta(years=HORIZON_YEARS) if endless else until,
        byweekday=[weekday(number - 1) for number in sorted(set(rule.weekdays))] or None,
    )
    wanted = MAX_INSTANCES if endless else min(rule.count or MAX_INSTANCES + 1, MAX_INSTANCES + 1)
    found = list(islice(every, wanted))
    if not found:
        raise Invalid("recurrence", "leaves no day to meet")
    if len(found) > MAX_INSTANCES:
        raise Invalid("recurrence", f"would make more than {MAX_INSTANCES} meetings")
    if rule.count is not None and len(found) < rule.count:
        raise Invalid("recurrence", f"would go on after the year {LATEST_YEAR}")
    return [moment.replace(tzinfo=place).astimezone(UTC) for moment in found]


def ical_rule(rule: Recurrence, count: int) -> dict[str, object]:
    """The rule as RFC 5545 has it, ended by how many meetings it made."""
    parts: dict[str, object] = {"FREQ": rule.frequency, "INTERVAL": rule.interval, "COUNT": count}
    if rule.weekdays:
        parts["BYDAY"] = [DAYS[number - 1] for number in sorted(set(rule.weekdays))]
    return parts
