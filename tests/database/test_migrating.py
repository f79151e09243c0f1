import asyncio

import asyncpg

from ringmain.database.migrate import LOCK, migrate
from tests.conditions import eventually

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"


async def test_it_is_waited_for_whoever_migrates_however_long_that_takes(dsn: str) -> None:
    hasty = await asyncpg.connect(dsn, command_timeout=0.2)
    other = await asyncpg.connect(dsn)
    await other.execute("SELECT pg_advisory_lock($1)", LOCK)
    migrating = asyncio.create_task(migrate(hasty))

    async def waits() -> bool:
        return bool(await other.fetchval(WAITING, LOCK))

    await eventually(waits)
    await other.execute("SELECT pg_sleep(0.5)")  # longer than the connection's patience with an ordinary statement
    await other.execute("SELECT pg_advisory_unlock($1)", LOCK)
    assert await migrating == []
    await hasty.close()
    await other.close()
