"""When somebody is reminded: quiet hours by the wall clock, rounds before the date, attempts apart."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringmain.core.outreach.model import ProfileSettings
from ringmain.core.outreach.plan import Planned, Progress, QuietHours, next_attempt, quiet_hours

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu")
NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)


def quiet(start: str | None, end: str | None, days: tuple[int, ...] = EVERY_DAY, zone: str = "UTC") -> QuietHours:
    clock = [None if one is None else time.fromisoformat(one) for one in (start, end)]
    return QuietHours(clock[0], clock[1], days, ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        (quiet("21:00", "08:00"), "2026-03-02T20:59", "2026-03-02T20:59"),
        (quiet("21:00", "08:00"), "2026-03-02T21:00", "2026-03-03T08:00"),
        (quiet("21:00", "08:00"), "2026-03-03T07:59:59", "2026-03-03T08:00"),
        (quiet("12:00", "14:00"), "2026-03-02T13:00", "2026-03-02T14:00"),
        (quiet(None, None), "2026-03-02T03:00", "2026-03-02T03:00"),
        (quiet(None, None, (1,)), "2026-03-03T03:00", "2026-03-09T00:00"),
        (quiet("21:00", "08:00", (1, 2, 3, 4, 5)), "2026-03-06T22:00", "2026-03-09T08:00"),
        # New York, 8 March 2026: at 2:00 the clocks go to 3:00.
        (quiet("21:00", "08:00", zone="America/New_York"), "2026-03-08T03:00", "2026-03-08T12:00"),
        (quiet("21:00", "08:00", zone="America/New_York"), "2026-03-07T03:00", "2026-03-07T13:00"),
        # 2:30 is not there that day: the hour that has it is left out.
        (quiet("21:00", "02:30", zone="America/New_York"), "2026-03-08T05:00", "2026-03-08T07:00"),
        # 1 November 2026: 1:30 comes twice; the first will do.
        (quiet("21:00", "01:30", zone="America/New_York"), "2026-11-01T04:00", "2026-11-01T05:30"),
        # From 1:15 to 1:45 it is quiet, twice.
        (quiet("01:15", "01:45", zone="America/New_York"), "2026-11-01T05:20", "2026-11-01T05:45"),
        (quiet("01:15", "01:45", zone="America/New_York"), "2026-11-01T06:20", "2026-11-01T06:45"),
        # The only hour of the week is the one that the clocks leave out.
        (quiet("03:00", "02:00", (7,), "America/New_York"), "2026-03-07T12:00", "2026-03-15T06:00"),
    ],
)
def test_the_next_allowed_moment(hours: QuietHours, moment: str, expected: str) -> None:
    assert hours.next_allowed(utc(moment)) == utc(expected)


clocks = st.builds(lambda hour, minute: time(hour, minute), st.integers(0, 23), st.sampled_from((0, 15, 30, 45, 59)))


@given(
    start=clocks,
    end=clocks,
    days=st.sets(st.integers(1, 7), min_size=1).map(lambda found: tuple(sorted(found))),
    zone=st.sampled_from(ZONES),
    # Around the changes of clocks of the year, and anywhere else.
    moment=st.one_of(
        st.datetimes(datetime(2026, 3, 5), datetime(2026, 4, 8)),  # noqa: DTZ001
        st.datetimes(datetime(2026, 10, 1), datetime(2026, 11, 4)),  # noqa: DTZ001
        st.datetimes(datetime(2018, 11, 1), datetime(2018, 11, 8)),  # noqa: DTZ001
    ).map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)),
)
@settings(max_examples=150, deadline=None)
def test_it_is_the_first_that_a_search_minute_by_minute_finds(
    start: time, end: time, days: tuple[int, ...], zone: str, moment: datetime
) -> None:
    hours = QuietHours(start, end if end != start else None, days, ZoneInfo(zone))
    found = hours.next_allowed(moment)
    assert found >= moment
    assert hours.allows(found)
    step = moment
    while step < found:
        assert not hours.allows(step), step
        step += 7 * MINUTE if found - step > timedelta(days=1) else MINUTE


FREE = ProfileSettings(quiet_from=None, quiet_until=None, attempts=3, interval_minutes=60, lead_minutes=[1440])
DATE = utc("2026-06-10T15:00")


def follow(profile: ProfileSettings, made: datetime, date: datetime = DATE, zone: str = "UTC") -> list[datetime]:
    """When attempts are made, if each is made when it is due."""
    hours = quiet_hours(profile, zone)
    progress, found = Progress(planned_at=made), []
    while (planned := next_attempt(profile, hours, date, progress)) is not None:
        found.append(planned.at)
        same = planned.lead_at == progress.lead_at
        progress = Progress(
            planned_at=made,
            lead_at=planned.lead_at,
            lead_attempts=progress.lead_attempts + 1 if same else 1,
            attempted_at=planned.at,
        )
        assert progress.lead_attempts == planned.index + 1
    return found


def change(**given: object) -> ProfileSettings:
    return replace(FREE, **given)


def test_attempts_are_an_interval_apart_from_the_lead_time_on() -> None:
    assert follow(FREE, utc("2026-06-01T00:00")) == [
        utc("2026-06-09T15:00"),
        utc("2026-06-09T16:00"),
        utc("2026-06-09T17:00"),
    ]


def test_a_lead_time_that_is_over_is_left_out_but_the_last_begins_at_once() -> None:
    both = change(lead_minutes=[7 * 1440, 1440], attempts=1)
    assert follow(both, utc("2026-06-08T12:00")) == [utc("2026-06-09T15:00")]
    assert follow(both, utc("2026-06-10T12:00")) == [utc("2026-06-10T12:00")]


def test_a_round_ends_when_the_next_begins() -> None:
    found = follow(change(lead_minutes=[180, 90], attempts=10, interval_minutes=30), utc("2026-06-01T00:00"))
    assert found[:4] == [utc("2026-06-10T12:00"), utc("2026-06-10T12:30"), utc("2026-06-10T13:00"), found[3]]
    assert found[3] == utc("2026-06-10T13:30")
    assert found[-1] == utc("2026-06-10T14:30")


def test_quiet_hours_push_attempts_but_never_together() -> None:
    night = change(quiet_from="21:00", quiet_until="08:00", attempts=3, interval_minutes=120)
    date = utc("2026-06-10T20:30")
    assert follow(night, utc("2026-06-01T00:00"), date) == [
        utc("2026-06-09T20:30"),
        utc("2026-06-10T08:00"),
        utc("2026-06-10T10:00"),
    ]


def test_what_quiet_hours_push_behind_the_date_is_left_out() -> None:
    early = change(quiet_from="21:00", quiet_until="09:00", lead_minutes=[60])
    assert follow(early, utc("2026-06-01T00:00"), utc("2026-06-10T08:30")) == []


def test_a_push_to_the_next_round_is_the_next_rounds_first() -> None:
    night = change(quiet_from="21:00", quiet_until="08:00", lead_minutes=[720, 360], attempts=2, interval_minutes=60)
    # The first round begins at 2:00 and would be pushed to 8:00, when the second begins.
    assert follow(night, utc("2026-06-01T00:00"), utc("2026-06-10T14:00")) == [
        utc("2026-06-10T08:00"),
        utc("2026-06-10T09:00"),
    ]


@given(
    leads=st.lists(st.integers(1, 20_000), min_size=1, max_size=5, unique=True),
    attempts=st.integers(1, 5),
    interval=st.integers(1, 3000),
    made=st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 20)).map(lambda one: one.replace(tzinfo=UTC)),  # noqa: DTZ001
    hours=st.sampled_from(((None, None), ("21:00", "08:00"), ("12:00", "13:00"))),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=100, deadline=None)
def test_all_attempts_are_before_the_date_apart_and_never_in_quiet_hours(
    leads: list[int],
    attempts: int,
    interval: int,
    made: datetime,
    hours: tuple[str | None, str | None],
    zone: str,
) -> None:
    profile = change(
        lead_minutes=leads,
        attempts=attempts,
        interval_minutes=interval,
        quiet_from=hours[0],
        quiet_until=hours[1],
    )
    date = utc("2026-03-22T16:00")
    found = follow(profile, made, date, zone)
    allowed = quiet_hours(profile, zone)
    assert len(found) <= attempts * len(leads)
    assert all(made <= one < date and allowed.allows(one) for one in found)
    assert all(later - earlier >= interval * MINUTE for earlier, later in pairwise(found))


def test_new_lead_times_take_effect_in_the_middle() -> None:
    hours = quiet_hours(FREE, "UTC")
    done = Progress(
        planned_at=utc("2026-06-01T00:00"),
        lead_at=utc("2026-06-09T15:00"),
        lead_attempts=3,
        attempted_at=utc("2026-06-09T17:00"),
    )
    assert next_attempt(FREE, hours, DATE, done) is None
    assert next_attempt(change(lead_minutes=[1440, 120]), hours, DATE, done) == Planned(
        utc("2026-06-10T13:00"), utc("2026-06-10T13:00"), 0
    )
