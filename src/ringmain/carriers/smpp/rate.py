"""How fast a link may submit: the contracted rate as a ceiling, less where the carrier throttles."""

import asyncio
from datetime import UTC, datetime
from time import monotonic

_CUT = 0.7
_HOLD_SECONDS = 0.25
# What a cut takes comes back at this share of the ceiling a second.
_RECOVERY_SHARE = 0.05
_LEAST_RATE = 0.2


class Pace:
    """A token bucket whose rate falls by x0.7 when told to slow down and climbs back additively.

    `ceiling` is in submits a second. Several "slow down" within one hold of 250 ms are one: they are
    the answers to one burst. Follows specs/messaging.md 1.4.
    """

    def __init__(self, ceiling: float) -> None:
        self.ceiling = ceiling
        self.slowed_since: datetime | None = None
        self._rate = ceiling
        self._rated_at = self._free_at = monotonic()
        self._held_until = 0.0
        # Bursts of up to a tenth of a second: fewer timers, still smooth for the carrier.
        self._burst_seconds = 0.1 if ceiling > 10 else 0.0
        self._queue = asyncio.Lock()

    @property
    def rate(self) -> float:
        """The present rate in submits a second."""
        self._recover()
        return self._rate

    async def turn(self) -> None:
        """Wait for one token. Turns come in the order in which they were asked for."""
        async with self._queue:
            # Again and again, since a slow-down may move the time while we sleep.
            while (wait := self._free_at - monotonic()) > 0:  # noqa: ASYNC110 - a time, no event
                await asyncio.sleep(wait)
            self._recover()
            self._free_at = max(self._free_at, monotonic() - self._burst_seconds) + 1.0 / self._rate

    def slow_down(self) -> None:
        """The carrier said 0x58 or 0x14."""
        self._recover()
        now = monotonic()
        if now < self._held_until:
            return
        self._held_until = self._rated_at = now + _HOLD_SECONDS
        self._rate = max(self._rate * _CUT, min(_LEAST_RATE, self.ceiling))
        self._free_at = max(self._free_at, self._held_until)
        self.slowed_since = self.slowed_since or datetime.now(UTC)

    def _recover(self) -> None:
        now = monotonic()
        if self._rate < self.ceiling and now > self._rated_at:
            self._rate = min(self.ceiling, self._rate + (now - self._rated_at) * self.ceiling * _RECOVERY_SHARE)
            self._rated_at = now
            if self._rate == self.ceiling:
                self.slowed_since = None
