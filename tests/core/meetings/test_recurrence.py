"""Rules: the days that they make, by the wall clock, and where they end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ringmain.core.errors import Invalid
from ringmain.core.meetings.model import MAX_INSTANCES, Recurrence
from ringmain.core.meetings.recurrence import FREQUENCIES, starts

NEW_YORK = "America/New_York"
MONDAY = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)  # nine in New York


def days(found: list[datetime]) -> list[str]:
    return [f"{moment:%m-%d}" for moment in found]


def test_a_count() -> None:
    found = starts(Recurrence(frequency="DAILY", count=3), MONDAY, "UTC")
    assert found == [MONDAY, MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)]


def test_an_end_is_included() -> None:
    rule = Recurrence(frequency="WEEKLY", interval=2, until=MONDAY + timedelta(days=28))
    assert days(starts(rule, MONDAY, "UTC")) == ["01-05", "01-19", "02-02"]


def test_weekdays_begin_with_monday_as_one() -> None:
    rule = Recurrence(frequency="WEEKLY", weekdays=[7, 1, 3, 3], count=5)
    assert days(starts(rule, MONDAY, "UTC")) == ["01-05", "01-07", "01-11", "01-12", "01-14"]


def test_the_first_day_is_left_out_when_the_weekdays_do() -> None:
    rule = Recurrence(frequency="WEEKLY", weekdays=[2], count=2)
    assert days(starts(rule, MONDAY, "UTC")) == ["01-06", "01-13"]


def test_weekdays_are_those_of_the_time_zone() -> None:
    late = datetime(2026, 1, 6, 2, 0, tzinfo=UTC)  # Monday evening in New York
    rule = Recurrence(frequency="WEEKLY", weekdays=[1], count=2)
    assert starts(rule, late, NEW_YORK)[0] == late
    assert starts(rule, late, "UTC")[0] == late + timedelta(days=6)


def test_nine_stays_nine_when_the_clocks_change() -> None:
    found = starts(Recurrence(frequency="WEEKLY", count=11), MONDAY, NEW_YORK)
    assert {moment.hour for moment in found[:9]} == {14}
    assert {moment.hour for moment in found[9:]} == {13}


def test_months_that_have_no_31st_are_left_out() -> None:
    first = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert days(starts(Recurrence(frequency="MONTHLY", count=3), first, "UTC")) == ["01-31", "03-31", "05-31"]


def test_years() -> None:
    found = starts(Recurrence(frequency="YEARLY", count=3), MONDAY, "UTC")
    assert [moment.year for moment in found] == [2026, 2027, 2028]


def test_without_an_end_two_years() -> None:
    assert len(starts(Recurrence(frequency="DAILY"), MONDAY, "UTC")) == MAX_INSTANCES
    weekly = starts(Recurrence(frequency="WEEKLY"), MONDAY, "UTC")
    assert len(weekly) == 105
    assert len(starts(Recurrence(frequency="YEARLY"), MONDAY, "UTC")) == 3


@pytest.mark.parametrize(
    "rule",
    [
        Recurrence(frequency="DAILY", count=MAX_INSTANCES + 1),
        Recurrence(frequency="DAILY", count=10**9),
        Recurrence(frequency="DAILY", until=MONDAY + timedelta(days=MAX_INSTANCES)),
        Recurrence(frequency="DAILY", until=MONDAY - timedelta(days=1)),
        Recurrence(frequency="DAILY", count=1, until=MONDAY),
        Recurrence(frequency="YEARLY", interval=1000, count=2),
        Recurrence(frequency="YEARLY", count=300),
        Recurrence(frequency="YEARLY", until=datetime(2200, 1, 1, tzinfo=UTC)),
        Recurrence(frequency="DAILY", interval=7, weekdays=[3], count=1),
        Recurrence(frequency="DAILY", interval=7, weekdays=[3]),
    ],
)
def test_refused(rule: Recurrence) -> None:
    with pytest.raises(Invalid):
        starts(rule, MONDAY, NEW_YORK)


def test_as_many_as_are_allowed() -> None:
    assert len(starts(Recurrence(frequency="DAILY", count=MAX_INSTANCES), MONDAY, "UTC")) == MAX_INSTANCES


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    frequency=st.sampled_from(sorted(FREQUENCIES)),
    interval=st.integers(1, 1000),
    weekdays=st.lists(st.integers(1, 7), max_size=7),
    count=st.integers(1, 50),
    first=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    timezone=st.sampled_from(["UTC", NEW_YORK, "Asia/Kathmandu", "Nowhere/None"]),
)
def test_any_rule_counts_right_and_goes_on(
    frequency: str, interval: int, weekdays: list[int], count: int, first: datetime, timezone: str
) -> None:
    rule = Recurrence(frequency=frequency, interval=interval, weekdays=weekdays, count=count)  # type: ignore[arg-type]
    try:
        found = starts(rule, first, timezone)
    except Invalid:
        # Far too late, or every seventh day is never one of these.
        assert interval * count > 70 or (frequency == "DAILY" and interval % 7 == 0)
        return
    assert len(found) == count
    assert found == sorted(set(found))
    assert found[0] >= first - timedelta(hours=1)  # a wall clock's hour may come twice
