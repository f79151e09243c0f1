from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from ringmain.dialects.ringplan import dates

MOMENT = datetime(2021, 10, 1, 14, 14, 55, 613000, UTC)
moments = st.integers(946_684_800_000_000, 2_747_000_000_000_000).map(
    lambda microseconds: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
)


def test_row_14_each_form_as_documented() -> None:
    assert dates.with_offset(MOMENT, "Europe/Kyiv") == "2021-10-01T17:14:55.613000+0300"
    assert dates.with_offset(MOMENT, "UTC") == "2021-10-01T14:14:55.613000+0000"
    assert dates.with_offset(MOMENT, "America/St_Johns") == "2021-10-01T11:44:55.613000-0230"
    assert dates.zulu(MOMENT) == "2021-10-01T14:14:55.613000Z"
    assert dates.naive(MOMENT) == "2021-10-01T14:14:55.613000"
    assert dates.zulu(MOMENT.astimezone(timezone(timedelta(hours=3)))) == "2021-10-01T14:14:55.613000Z"


def test_an_unknown_zone_is_utc() -> None:
    for name in ("", "Mars/Base", "../etc/passwd"):
        assert dates.with_offset(MOMENT, name).endswith("+0000")


@given(moments, st.sampled_from(["UTC", "Europe/Kyiv", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]))
def test_the_moment_survives(moment: datetime, zone: str) -> None:
    assert datetime.strptime(dates.with_offset(moment, zone), "%Y-%m-%dT%H:%M:%S.%f%z") == moment
    assert datetime.fromisoformat(dates.zulu(moment)) == moment
