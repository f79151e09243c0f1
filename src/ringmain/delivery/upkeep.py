"""Upkeep of what grows without end: partitions are made ahead and dropped when they have outlived their retention.

Logins that have expired are swept up on the way.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog

from ringmain.core.credentials.grant_store import SWEEP as SWEEP_GRANTS
from ringmain.database.loop import Loop
from ringmain.database.pool import Database
from ringmain.delivery.store import (
    CANCEL_STRAYS,
    DROP_PARTITION,
    ENSURE_PARTITIONS,
    LOCK_PATIENCE,
    LOCK_UPKEEP,
    NOW,
    PARTITIONS,
)

log = structlog.get_logger()

RETENTION_DAYS: Final = 90
MONTHS_AHEAD: Final = 3
EVERY: Final = 3600.0
"""Seconds between two rounds. Mostly there is nothing to do; what a round found in use is left for the next."""
PATIENCE: Final = 2.0
LOCK: Final = 0x72696E68
STATEMENT_SECONDS: Final = 600.0


class Upkeep:
    """Keeps events, deliveries and attempts for at least `retention_days`; they go by whole calendar months.

    `every`: seconds between two rounds; `patience`: seconds to wait for a table in use.
    """

    def __init__(
        self,
        database: Database,
        *,
        retention_days: int = RETENTION_DAYS,
        every: float = EVERY,
        patience: float = PATIENCE,
    ) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)
        self._every = every
        self._patience = f"{round(patience * 1000)}ms"
        self._has_begun = False
        self._loop = Loop("upkeep", self._keep_up, again=every)

    async def start(self) -> None:
        """Begin, with a first round at once, which drops nothing: what a long stop left is relayed and sent first."""
        self._loop.start()

    async def stop(self) -> None:
        """End; a step under way is undone."""
        await self._loop.stop()

    async def step(self, now: datetime, *, drop: bool = True) -> list[str]:
        """One round, by one node at a time; returns the tables that were dropped. Raises what the database raises."""
        await self._run(ENSURE_PARTITIONS, MONTHS_AHEAD)
        await self._run(CANCEL_STRAYS)
        await self._run(SWEEP_GRANTS)
        names = [row["name"] for row in await self._database.fetch(PARTITIONS)] if drop else []
        dropped = []
        for name in names:
            if outlived(name, now - self._retention) and await self._run(DROP_PARTITION.format(name)):
                log.info("partition dropped", name=name)
                dropped.append(name)
        return dropped

    async def _run(self, statement: str, *arguments: object) -> bool:
        """Run it, unless another node is at it or the table stays in use: nothing may queue behind us for long."""
        try:
            async with self._database.transaction() as connection:
                if not await connection.fetchval(LOCK_UPKEEP, LOCK):
                    return False
                await connection.execute(LOCK_PATIENCE, self._patience)
                await connection.execute(statement, *arguments, timeout=STATEMENT_SECONDS)
                return True
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.UndefinedTableError):
            return False

    async def _keep_up(self) -> float:
        await self.step(await self._database.fetchval(NOW), drop=self._has_begun)
        self._has_begun = True
        return self._every


def outlived(name: str, bound: datetime) -> bool:
    """Whether everything in this partition (`events_2026_11`) is older than the bound."""
    match = re.fullmatch(r"[a-z_]+_(\d{4})_(\d{2})", name, re.ASCII)
    if match is None:
        return False
    year, month = int(match[1]), int(match[2])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) <= bound
