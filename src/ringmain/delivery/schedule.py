"""When a delivery is tried again (design.md, "Events, delivery, realtime"). Pure."""

from collections.abc import Sequence
from typing import Final

SCHEDULE: Final = (0.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds before each try, counted from the end of the one before: twelve tries in a little over three days."""
JITTER: Final = 0.1
"""A delay is up to this part of itself shorter or longer, so that what failed together does not return together."""


def delay_after(attempt: int, schedule: Sequence[float], chance: float) -> float | None:
    """Seconds from the failure of try number `attempt` (from 1) to the next one; None when it was the last.

    `chance` is from 0 to 1 and picks the jitter. Tries go in rounds of the schedule's length, so what is sent again
    after it was given up gets the whole schedule once more.
    """
    step = attempt % len(schedule)
    if step == 0:
        return None
    return schedule[step] * (1 + JITTER * (2 * chance - 1))
