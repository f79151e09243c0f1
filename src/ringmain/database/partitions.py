"""Keeps the monthly partitions of what grows without end: makes the coming ones, drops those past their retention."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog

from ringmain.database.pool import LOST, Database

log = structlog.get_logger()

INTERVAL: Final = 3600.0
LOCK: Final = 0x72696E68
MONTH: Final = re.compile(r"\w+_([0-9]{4})_([0-9]{2})")
TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"
ENSURE = "SELECT ensure_partitions(3)"
PARTITIONS = """
SELECT inhrelid::regclass::text AS name FROM pg_inherits
WHERE inhparent = ANY (ARRAY['events', 'deliveries', 'delivery_attempts']::regclass[])
ORDER BY name
"""
DROP = "DROP TABLE {}"


class PartitionKeeper:
    """Looks once an hour. Any process may do it, one at a time does."""

    def __init__(self, database: Database, *, retention_days: int) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; the first look is now."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop looking; a step under way is undone."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self.keep(datetime.now(UTC))
            except (*LOST, asyncpg.PostgresError) as error:
                log.warning("partitions not kept this time", error=repr(error))
            await asyncio.sleep(INTERVAL)

    async def keep(self, now: datetime) -> list[str]:
        """Look once; returns the names of the partitions dropped."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval(TRY_LOCK, LOCK):
                return []
            # A partition needs a short lock on its whole table: rather not this hour than traffic queueing for it.
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            await connection.execute(ENSURE)
            names = [row["name"] for row in await connection.fetch(PARTITIONS)]
            over = [name for name in names if outlived(name, now - self._retention)]
            for name in over:
                await connection.execute(DROP.format(name))
        if over:
            log.info("partitions dropped", names=over)
        return over


def outlived(name: str, bound: datetime) -> bool:
    """Whether all of this partition (`events_2026_11`) is older than the bound."""
    month = MONTH.fullmatch(name)
    if month is None:
        return False
    months = int(month[1]) * 12 + int(month[2])  # of the month after it, counted from 0
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC) <= bound
