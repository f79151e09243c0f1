"""How many submits may be unanswered at once."""

import asyncio
from collections import deque

from .status import NotBound


class Window:
    """Slots, given in the order in which they were asked for.

    A slot belongs to a request until it is answered or given up, not to the task that waits for it.
    """

    def __init__(self, size: int) -> None:
        self.used = 0
        self._size = size
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return len(self._waiting)

    async def acquire(self) -> None:
        """Take a slot, waiting for one. Raises NotBound if the session ends first."""
        if self.used < self._size and not self._waiting:
            self.used += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            # Given and cancelled in one turn of the loop.
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self.release()
            raise

    def release(self) -> None:
        """Hand the slot on to who waits longest, or free it."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.used = max(0, self.used - 1)

    def turn_away(self, reason: str) -> None:
        """Fail all that wait with NotBound."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(NotBound(reason))
