"""Follows the event log for the sessions of this process, from now on and in the order of commits.

Each node follows on its own, so realtime needs no broker. An event shows once everything that began before its
transaction has ended, so that nothing commits behind the cursor.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import asyncpg
import msgspec
import structlog

from ringmain.core.events import Event
from ringmain.database.loop import Loop
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups

log = structlog.get_logger()

Callback = Callable[[Sequence[Event]], Awaitable[None]]

BATCH: Final = 500
POLL: Final = 1.0
"""Seconds after which to look without having been woken: a wake-up can be lost with its process."""
GAP: Final = 0.005
"""Seconds between two reads, so that a busy log is read in batches and not event by event."""
HELD_BACK: Final = 0.005
"""Seconds to wait for transactions that began earlier, and whose end wakes nobody; doubled each time, up to POLL."""
RECONNECT: Final = 0.25

NOW = """
SELECT pg_snapshot_xmin(snapshot)::text::bigint AS oldest, snapshot::text FROM pg_current_snapshot() AS snapshot
"""
# $3: what could be seen at the start, and so was over by then
AFTER = """
SELECT id, company_id, type, subject_id, order_key, origin, payload::text AS payload, transaction_id,
    transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS settled
FROM events WHERE (transaction_id, id) > ($1, $2)
    AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, $3::text::pg_snapshot)
ORDER BY transaction_id, id LIMIT $4
"""


class Follower:
    """Calls back with every event that commits after `start`, each once, in order, one batch at a time."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._callbacks: list[Callback] = []
        self._cursor = (0, 0)
        self._start = ""
        self._held_back = HELD_BACK
        self._failed = False
        self._loop = Loop("follower", self._next, again=RECONNECT, gap=GAP, woken_by=(wakeups, EVENTS))

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call back with each batch. What a callback raises is logged. Returns a function that ends it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def start(self) -> None:
        """Take the place in the log from which to follow. Raises what the database raises when it is away."""
        await self._begin_now()
        self._loop.start()

    async def stop(self) -> None:
        """Stop calling back."""
        await self._loop.stop()

    @property
    def alive(self) -> bool:
        """Whether it still follows."""
        return self._loop.alive

    async def _next(self) -> float:
        failed, self._failed = self._failed, True
        if failed:
            await self._check_history()
        pause = await self._read()
        self._failed = False
        return pause

    async def _read(self) -> float:
        """Hand on the next batch; returns how long to wait before the next, in seconds."""
        rows = await self._database.fetch(AFTER, *self._cursor, self._start, BATCH)
        events = []
        for row in rows:
            if not row["settled"]:
                break
            self._cursor = (row["transaction_id"], row["id"])
            events.append(_event_of(row))
        if events:
            await self._tell(events)
        if len(events) < len(rows):
            pause, self._held_back = self._held_back, min(2 * self._held_back, POLL)
            return pause
        self._held_back = HELD_BACK
        return 0 if len(rows) == BATCH else POLL

    async def _tell(self, events: Sequence[Event]) -> None:
        for callback in list(self._callbacks):
            try:
                await callback(events)
            except Exception as error:
                log.error("a follower of events failed", error=type(error).__name__, exc_info=error)

    async def _begin_now(self) -> None:
        now = await self._now()
        self._cursor, self._start = (now["oldest"], 0), now["snapshot"]

    async def _check_history(self) -> None:
        """A database restored from a backup counts transactions from an earlier number: begin there again."""
        oldest = (await self._now())["oldest"]
        if oldest < self._cursor[0]:
            log.warning("the event log went back in time", cursor=self._cursor[0], oldest=oldest)
            await self._begin_now()

    async def _now(self) -> asyncpg.Record:
        now = await self._database.fetchrow(NOW)
        assert now is not None  # noqa: S101 (a SELECT without conditions)
        return now


def _event_of(row: asyncpg.Record) -> Event:
    return Event(
        id=row["id"],
        company_id=row["company_id"],
        type=row["type"],
        subject_id=row["subject_id"],
        order_key=row["order_key"],
        origin=row["origin"],
        payload=msgspec.Raw(row["payload"].encode()),
    )
