"""Keeps the planner's statistics fresh while tables are young.

Autovacuum looks once a minute. A burst into empty tables would run for that long on plans made for no rows, where
every index that begins with the company looks equally good, and some then read all of it.
"""

from typing import Final

from ringmain.database.loop import Loop
from ringmain.database.pool import Database

INTERVAL: Final = 2.0
LOCK: Final = 0x72696E69
TRY_LOCK = "SELECT pg_try_advisory_lock($1)"
UNLOCK = "SELECT pg_advisory_unlock($1)"
# As a table grows it is looked at whenever it has become half as large again; from some size on autovacuum will do.
STALE = """
SELECT s.relid::regclass::text AS name FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.schemaname = current_schema() AND c.reltuples < 1000000
    AND s.n_mod_since_analyze > 500 + 0.5 * greatest(c.reltuples, 0)
"""


class Statistics:
    """Looks every two seconds. Any process may do it, one at a time does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = Loop("statistics", self._look, again=INTERVAL)

    async def start(self) -> None:
        """Begin to look."""
        self._loop.start()

    async def stop(self) -> None:
        """Stop looking."""
        await self._loop.stop()

    async def refresh(self) -> list[str]:
        """Analyze what has grown; returns the tables' names."""
        async with self._database.connection() as connection:
            if not await connection.fetchval(TRY_LOCK, LOCK):
                return []
            try:
                names = [row["name"] for row in await connection.fetch(STALE)]
                for name in names:  # each by itself: whoever follows the event log waits for the oldest transaction
                    await connection.execute(f"ANALYZE {name}")
                return names
            finally:
                await connection.fetchval(UNLOCK, LOCK)

    async def _look(self) -> float:
        await self.refresh()
        return INTERVAL
