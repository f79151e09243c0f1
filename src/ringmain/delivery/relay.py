"""The relay: from the event log to one delivery for each matching subscription, exactly once a pair."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from ringmain.database.pool import Database
from ringmain.database.wakeup import DELIVERIES, EVENTS, Wakeups
from ringmain.delivery.session import FAILURES, SETTINGS, OwnConnection
from ringmain.delivery.store import RELAY, REPAIR

log = structlog.get_logger()

BATCH: Final = 1000
POLL: Final = 0.5
GAP: Final = 0.005
"""Seconds between two batches, so that a busy log is read in batches and not event by event."""
HELD_LIMIT: Final = 0.1
RECONNECT: Final = 0.25
REPAIR_SECONDS: Final = 3600.0


class Batch(msgspec.Struct, frozen=True):
    """What one statement did. `held`: there are events that an older transaction still holds back."""

    events: int
    made: int
    held: bool
    restored: bool


class Relay:
    """Follows the event log for all nodes: whoever gets the lock on the position does the next batch."""

    def __init__(
        self, database: Database, wakeups: Wakeups, *, batch: int = BATCH, poll: float = POLL, gap: float = GAP
    ) -> None:
        self._wakeups = wakeups
        # Position and deliveries commit together, so after a crash that lost both the batch is simply done again.
        self._connection = OwnConnection(database, {**SETTINGS, "synchronous_commit": "off"})
        self._batch = batch
        self._poll = poll
        self._gap = gap
        self._held_pause = gap
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    async def start(self) -> None:
        """Begin to relay. While the database is away it is tried again and again."""
        self._stop_listening = self._wakeups.listen(EVENTS, self._woken.set)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End; a batch under way is done or undone as a whole."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._connection.close()

    @property
    def alive(self) -> bool:
        """Whether it still relays."""
        return self._task is not None and not self._task.done()

    async def step(self) -> Batch:
        """Relay one batch; nothing happens while another node is at it. Raises what the database raises."""
        row = (await self._connection.fetch(RELAY, self._batch))[0]
        batch = Batch(row["events"], row["made"], row["held"], row["restored"])
        if batch.made:
            self._wakeups.wake(DELIVERIES)
        return batch

    async def repair(self) -> None:
        """Make the log whole after a dump was restored in a cluster that counts transactions from a lower number."""
        log.warning("the event log comes from another cluster: its transactions are numbered anew")
        await self._connection.fetch(REPAIR, timeout=REPAIR_SECONDS)

    async def _follow(self) -> None:
        lost = False
        while True:
            self._woken.clear()
            try:
                batch = await self.step()
                if batch.restored:
                    await self.repair()
                    continue
                lost = False
            except FAILURES as error:
                if not lost:
                    log.warning("events cannot be relayed", error=repr(error))
                lost = True
                await asyncio.sleep(RECONNECT)
                continue
            if batch.events == self._batch:
                continue
            await asyncio.sleep(self._gap)
            if batch.held:
                # The end of the older transaction wakes nobody.
                await self._wait(self._held_pause)
                self._held_pause = min(2 * self._held_pause, HELD_LIMIT)
            else:
                self._held_pause = self._gap
                await self._wait(self._poll)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
