"""What a process does again and again for as long as it runs, in a task of its own."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from ringmain.database.pool import FAILURES
from ringmain.database.wakeup import Wakeups

log = structlog.get_logger()

TELL_SECONDS: Final = 60.0
"""Between two words of one failure that lasts."""


class Loop:
    """`step` returns the seconds to the next step, or to the next wake-up if that is sooner; 0 means at once.

    `woken_by`: the channel that wakes. `gap`: seconds between two steps at the least, unless there is more to do at
    once, so that what comes in a rush is done in large steps. `again`: seconds after which a step that failed is done
    again. No failure ends the loop: the database comes back, and what fails for a fault of ours is logged with its
    place and may do better with other rows.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[float]],
        *,
        again: float,
        gap: float = 0.0,
        woken_by: tuple[Wakeups, str] | None = None,
    ) -> None:
        self._name = name
        self._step = step
        self._again = again
        self._gap = gap
        self._woken_by = woken_by
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._told_at = -math.inf
        self._at_fault = False
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    @property
    def alive(self) -> bool:
        """Whether it goes round, and not for nothing: not while its steps fail for a fault of ours."""
        return self._task is not None and not self._task.done() and not self._at_fault

    def start(self) -> None:
        """Begin, with a first step at once."""
        if self._woken_by is not None:
            wakeups, channel = self._woken_by
            self._stop_listening = wakeups.listen(channel, self.wake)
        self._ended.clear()
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    async def stop(self, *, patience: float = 0.0) -> None:
        """End. A step under way is cancelled, but it may take `patience` seconds first."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        if self._task is None:
            return
        self._ended.set()
        self.wake()
        if patience:
            await asyncio.wait([self._task], timeout=patience)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _run(self) -> None:
        while not self._ended.is_set():
            self._woken.clear()
            try:
                pause = await self._step()
            except Exception as error:
                self._at_fault = not isinstance(error, FAILURES)
                self._tell(error)
                # Not woken sooner: a database that is away is not asked as often as there is work.
                await _wait(self._ended, self._again)
                continue
            self._told_at = -math.inf
            self._at_fault = False
            if pause:
                await asyncio.sleep(self._gap)
                await _wait(self._woken, pause)

    def _tell(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        where = error if self._at_fault else None
        log.warning("a step failed", loop=self._name, error=repr(error), exc_info=where)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
