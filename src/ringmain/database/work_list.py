"""A process's hand in a work list: claims what it has room for, carries each claim in a task of its own.

A claim is a lease in a table. What becomes of a claim that ends in an error here, or with the process, is decided when
its lease runs out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from ringmain.database.loop import Loop
from ringmain.database.wakeup import Wakeups

Claim = TypeVar("Claim")

STOP_SECONDS: Final = 10.0


class WorkList(Generic[Claim]):
    """Claims again when it is woken, when a claim has ended, and every `poll` seconds.

    `claim` leases up to so many; `carry` does one and raises nothing; `capacity` says how many at once. `stop_seconds`:
    how long those under way may take when the process stops; then they are cancelled.
    """

    def __init__(
        self,
        wakeups: Wakeups,
        channel: str,
        *,
        claim: Callable[[int], Awaitable[Sequence[Claim]]],
        carry: Callable[[Claim], Awaitable[None]],
        capacity: Callable[[], int],
        poll: float,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._loop = Loop(channel, self._look, again=poll, woken_by=(wakeups, channel))
        self._claim = claim
        self._carry = carry
        self._capacity = capacity
        self._poll = poll
        self._stop_seconds = stop_seconds
        self._in_flight: set[asyncio.Task[None]] = set()
        self.stopping = False

    async def start(self) -> None:
        """Begin to claim."""
        self._loop.start()

    async def stop(self) -> None:
        """Claim no more, let what is under way end for a while, cancel the rest."""
        self.stopping = True
        # What a claim that is under way takes is carried too: else nobody would before its lease runs out.
        await self._loop.stop(patience=STOP_SECONDS)
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=self._stop_seconds)
        left = list(self._in_flight)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    @property
    def alive(self) -> bool:
        """Whether it is still looking for work."""
        return self._loop.alive

    async def _look(self) -> float:
        room = self._capacity() - len(self._in_flight)
        for claim in await self._claim(room) if room > 0 else ():
            task = asyncio.ensure_future(self._carry(claim))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)
        return self._poll

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._loop.wake()
