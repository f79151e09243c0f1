from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.delivery.attempt import retry_after
from ringmain.delivery.schedule import JITTER, SCHEDULE, delay_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def test_the_design_is_twelve_tries_with_these_waits() -> None:
    waits = [delay_after(attempt, SCHEDULE, 0.5) for attempt in range(1, 13)]
    assert waits == [5, 30, 120, 600, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None]


@given(st.integers(1, 40), st.floats(0, 1))
def test_every_round_is_the_same_and_jitter_is_small(attempt: int, chance: float) -> None:
    plain = delay_after(attempt, SCHEDULE, 0.5)
    assert delay_after(attempt + len(SCHEDULE), SCHEDULE, 0.5) == plain
    found = delay_after(attempt, SCHEDULE, chance)
    if plain is None or found is None:
        assert plain is found
    else:
        assert plain * (1 - JITTER) - 1e-6 <= found <= plain * (1 + JITTER) + 1e-6


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        (" 7 ", 7),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("99999999999999999999", 3600),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Mon, 02 Mar 2026 12:00:00 GMT", 3600),
        ("Sun, 99 Mar 2026 12:00:30 GMT", 0),
        ("\u0663", 0),
    ],
)
def test_retry_after(value: str | None, seconds: float) -> None:
    assert retry_after(value, NOW) == seconds
