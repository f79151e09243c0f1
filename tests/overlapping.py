"""Verbs that overlap, in an order that does not depend on time: they wait for one lock, with what they have seen."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from ringmain.database.pool import Connection, Database
from tests.conditions import eventually

WAITING: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Queue:
    """Those who wait."""

    def __init__(self, connection: Connection) -> None:
        """`connection`: in the transaction that they wait for."""
        self._connection = connection
        self._tasks: list[asyncio.Task[Any]] = []

    async def join(self, verb: Coroutine[Any, Any, Any]) -> None:
        """Begin a verb that must wait; returns once it does."""
        task = asyncio.ensure_future(verb)
        self._tasks.append(task)

        async def all_wait() -> bool:
            if task.done():
                raise AssertionError(f"it did not wait: {task!r}")
            # A transaction sees the sessions that there were when it first looked, unless it forgets them.
            await self._connection.execute("SELECT pg_stat_clear_snapshot()")
            waiting: int = await self._connection.fetchval(WAITING)
            return waiting == len(self._tasks)

        await eventually(all_wait)

    async def ended(self) -> list[Any]:
        """What came of them, in the order in which they joined; errors in the place of answers."""
        return await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def behind(database: Database, lock: str, *arguments: object) -> AsyncIterator[Queue]:
    """Hold what this statement locks while verbs join the queue; they go on when the block ends."""
    connection = await asyncpg.connect(database.dsn)
    try:
        async with connection.transaction():
            await connection.execute(lock, *arguments)
            yield Queue(connection)
    finally:
        await connection.close()
