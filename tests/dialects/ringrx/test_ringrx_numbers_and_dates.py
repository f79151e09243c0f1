"""Numbers and dates: specs/ringrx.md 5, readings 5 and 9; 2, rows 10 and 12."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.errors import Invalid
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringrx import dates, numbers

NEW_YORK = ZoneInfo("America/New_York")


def test_reading_9_three_styles_of_numbers() -> None:
    assert numbers.ten_digits("+18185551234") == "8185551234"
    assert numbers.eleven_digits("+18185551234") == "18185551234"
    assert numbers.international("+18185551234") == "+18185551234"
    for style in (numbers.ten_digits, numbers.eleven_digits, numbers.international):
        assert style("8000") == "8000"
        assert style("") == ""
    assert numbers.ten_digits("+442071838750") == numbers.eleven_digits("+442071838750") == "442071838750"


@pytest.mark.parametrize(
    "text",
    [
        "8185551234", "18185551234", "+18185551234", " 18185551234", "(818) 555-1234", "818.555.1234",
        "+1 818 555 1234", "Dr Smith 818-555-1234", "\t8185551234\n",
    ],
)  # fmt: skip
def test_numbers_are_read_however_they_are_written(text: str) -> None:
    assert numbers.read(text, "US") == "+18185551234"


@pytest.mark.parametrize("text", ["+442071838750", " 442071838750", "442071838750", "+44 20 7183 8750"])
def test_numbers_of_other_countries_need_no_plus(text: str) -> None:
    assert numbers.read(text, "US") == "+442071838750"


@pytest.mark.parametrize(
    "text", ["", " ", "+", "call me", "911", "12345", "818555123", "8185551234 ext 12", "1" * 40, "+1", "٨١٨٥٥٥١٢٣٤"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        numbers.read(text, "US")


@given(st.integers(2_000_000_000, 9_999_999_999))
def test_what_we_write_is_read_back(digits: int) -> None:
    number = f"+1{digits}"
    try:
        assert numbers.read(number, "US") == number
    except Invalid:
        return
    for style in (numbers.ten_digits, numbers.eleven_digits, numbers.international):
        assert numbers.read(style(number), "US") == number


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert numbers.read(text, "US").startswith("+")


def test_reading_5_stamps_are_of_one_form_and_never_z() -> None:
    moment = datetime(2019, 2, 15, 18, 48, 54, 999_999, timezone(timedelta(hours=-5)))
    assert dates.stamp(moment) == "2019-02-15T23:48:54+00:00"


@pytest.mark.parametrize("text", ["31-12-2025", "31/12/2025", "2025-12-31", " 31-12-2025 "])
def test_a_day_is_that_of_the_time_zone(text: str) -> None:
    assert dates.start(text, "startDate", NEW_YORK) == datetime(2025, 12, 31, 5, tzinfo=UTC)
    assert dates.end(text, "endDate", NEW_YORK) == datetime(2026, 1, 1, 5, tzinfo=UTC)


def test_a_time_is_itself() -> None:
    noon = datetime(2025, 12, 31, 12, tzinfo=UTC)
    for text in ("2025-12-31T12:00:00+00:00", "2025-12-31T12:00:00 00:00", "2025-12-31T12:00:00Z", "2025-12-31T07:00"):
        assert dates.start(text, "startDate", NEW_YORK) == noon
    assert dates.end("2025-12-31T12:00:00Z", "endDate", NEW_YORK) == noon + timedelta(microseconds=1)


@pytest.mark.parametrize("text", ["", "x", "32-01-2026", "12-31-2025", "2025-13-01", "0000-01-01", "9999-12-31"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        dates.end(text, "endDate", NEW_YORK)


def test_an_unknown_time_zone_is_utc() -> None:
    assert dates.zone_of("Moon/Base").key == "UTC"
    assert dates.zone_of("../../etc/passwd").key == "UTC"
