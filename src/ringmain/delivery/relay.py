"""The relay: from the event log to one delivery for each matching subscription, exactly once a pair."""

from typing import Final

import msgspec
import structlog

from ringmain.database.loop import Loop
from ringmain.database.pool import Database
from ringmain.database.wakeup import DELIVERIES, EVENTS, Wakeups
from ringmain.delivery.session import SETTINGS, OwnConnection
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
        self._loop = Loop("relay", self._next, again=RECONNECT, gap=gap, woken_by=(wakeups, EVENTS))

    async def start(self) -> None:
        """Begin to relay. While the database is away it is tried again and again."""
        self._loop.start()

    async def stop(self) -> None:
        """End; a batch under way is done or undone as a whole."""
        await self._loop.stop()
        self._connection.close()

    @property
    def alive(self) -> bool:
        """Whether it still relays."""
        return self._loop.alive

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

    async def _next(self) -> float:
        batch = await self.step()
        if batch.restored:
            await self.repair()
            return 0
        if batch.events == self._batch:
            return 0
        if batch.held:
            # The end of the older transaction wakes nobody.
            pause, self._held_pause = self._held_pause, min(2 * self._held_pause, HELD_LIMIT)
            return pause
        self._held_pause = self._gap
        return self._poll
