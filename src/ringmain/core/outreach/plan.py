"""When somebody is reminded: rounds of attempts before the date, never in quiet hours. Pure functions of time."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ringmain.core.outreach.model import ProfileSettings

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
SEARCHED_DAYS = 9
"""A week has every weekday in it; the clocks may take a day's only hour away."""


class QuietHours(msgspec.Struct, frozen=True):
    """When nobody may be contacted: from `start` to `end` each day, and on days other than `days` (1 is Monday).

    Both times are None for none. They may lie on two days, as 21:00 to 08:00. The wall clock is that of `zone`.
    """

    start: time | None
    end: time | None
    days: tuple[int, ...]
    zone: ZoneInfo

    def allows(self, moment: datetime) -> bool:
        """Whether somebody may be contacted at this moment."""
        local = moment.astimezone(self.zone)
        if local.isoweekday() not in self.days:
            return False
        if self.start is None or self.end is None:
            return True
        clock = local.time()
        if self.start < self.end:
            return not self.start <= clock < self.end
        return self.end <= clock < self.start

    def next_allowed(self, moment: datetime) -> datetime:
        """The first moment, not before this one, at which somebody may be contacted. In UTC."""
        moment = moment.astimezone(UTC)
        if self.allows(moment):
            return moment
        today = moment.astimezone(self.zone).date()
        for offset in range(SEARCHED_DAYS):
            for edge in sorted(self._edges(today + offset * DAY)):
                if edge > moment and self.allows(edge):
                    return edge
        # Only where the clocks skip the one hour a week that is left: then it is the week after.
        return self.next_allowed(moment + 7 * DAY)

    def _edges(self, day: date) -> Iterator[datetime]:
        """When the answer of `allows` may become yes on a day: its beginning, `end`, and when the clocks change."""
        for clock in {time(), self.end or time()}:
            for fold in (0, 1):
                yield datetime.combine(day, clock.replace(fold=fold), self.zone).astimezone(UTC)
        first, last = (datetime.combine(one, time(), self.zone).astimezone(UTC) for one in (day, day + DAY))
        if self._offset(first) != self._offset(last):
            yield self._change(first, last)

    def _change(self, first: datetime, last: datetime) -> datetime:
        while last - first > SECOND:
            middle = (first + (last - first) / 2).replace(microsecond=0)
            if middle == first:
                break
            if self._offset(middle) == self._offset(first):
                first = middle
            else:
                last = middle
        return last

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self.zone).utcoffset()


def quiet_hours(settings: ProfileSettings, company_timezone: str) -> QuietHours:
    """A profile's, by the company's wall clock unless it has its own."""
    return QuietHours(
        time.fromisoformat(settings.quiet_from) if settings.quiet_from else None,
        time.fromisoformat(settings.quiet_until) if settings.quiet_until else None,
        tuple(settings.days),
        ZoneInfo(settings.timezone or company_timezone),
    )


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the reminding has come since it was planned. `lead_at`: the beginning of the round under way."""

    planned_at: datetime
    lead_at: datetime | None = None
    lead_attempts: int = 0
    attempted_at: datetime | None = None


class Planned(msgspec.Struct, frozen=True):
    """The next attempt: when, in the round that began at `lead_at`, and its number there, from 0."""

    at: datetime
    lead_at: datetime
    index: int


def next_attempt(
    settings: ProfileSettings, quiet: QuietHours, reminder_date: datetime, progress: Progress
) -> Planned | None:
    """The attempt to make next, None when there is none before the date.

    A lead time that was over when the reminder was made is left out, unless it is the last: then it begins at once.
    A round ends when the next begins.
    """
    starts = sorted({reminder_date - timedelta(minutes=lead) for lead in settings.lead_minutes})
    earliest = progress.planned_at
    if progress.attempted_at is not None:
        earliest = max(earliest, progress.attempted_at + timedelta(minutes=settings.interval_minutes))
    found: Planned | None = None
    if progress.lead_at is None:
        begins = next((start for start in starts if start >= progress.planned_at), progress.planned_at)
        found = Planned(quiet.next_allowed(max(begins, earliest)), begins, 0)
    elif progress.lead_attempts < settings.attempts:
        found = Planned(quiet.next_allowed(earliest), progress.lead_at, progress.lead_attempts)
    found = _latest_round(found, starts, progress.lead_at, earliest, quiet)
    return found if found is not None and found.at < reminder_date else None


def _latest_round(
    found: Planned | None,
    starts: Sequence[datetime],
    lead_at: datetime | None,
    earliest: datetime,
    quiet: QuietHours,
) -> Planned | None:
    for start in starts:
        begun = found.lead_at if found is not None else lead_at
        # Quiet hours may push one round's attempt to where the next round has begun: then it is the next round's.
        if begun is not None and start > begun and (found is None or found.at >= start):
            found = Planned(quiet.next_allowed(max(start, earliest)), start, 0)
    return found
