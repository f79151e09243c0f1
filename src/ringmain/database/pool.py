"""Connections to PostgreSQL.

A small pool of our own: asyncpg's resets each connection with a query when it is released, which costs as much
as a small query (specs/stack.md). Nothing here leaves session state behind, so there is nothing to reset.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

Record = asyncpg.Record
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]  # generic in its stubs only
else:
    Connection = asyncpg.Connection

log = structlog.get_logger()


# After these a connection is of no use, though it may not know yet that it is closed.
BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,  # it broke between two messages: its protocol is out of step
    TimeoutError,  # it has not answered in time: a commit that waits for its disk may yet be done
)
LOST = (*BROKEN, OSError, asyncpg.InterfaceError)
# What a statement raises when the database is away, or says no.
FAILURES = (*LOST, asyncpg.PostgresError)
# What a server that starts, stops or recovers says, and one that has no place left.
BUSY = (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError)
# Two waited for each other, and this one gave way: nothing was written, and it may be done again.
CONTENDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
RETRY_SECONDS = 0.1
# Every query here has its index; while a table is young, and not analysed yet, the planner would rather read it whole,
# and keep that plan while the table grows.
SESSION = {"application_name": "ringmain", "timezone": "UTC", "jit": "off", "enable_seqscan": "off"}


class DatabaseUnavailable(ConnectionError):
    """The database cannot be reached, or was lost in the middle: then it is not known whether a write was done."""


class Database:
    """A fixed number of connections, opened when first needed and replaced when they break."""

    def __init__(self, dsn: str, *, size: int = 12, acquire_timeout: float = 10.0) -> None:
        self.dsn = dsn
        self.size = size
        self._acquire_timeout = acquire_timeout
        self._idle: list[Connection] = []
        self._places = asyncio.Semaphore(size)
        self._closed = False
        self.in_use = 0

    async def connect(self) -> Connection:
        """Open a connection outside the pool (for LISTEN, for migrations). The caller closes it.

        Raises OSError or asyncpg.PostgresError when the database cannot be reached.
        """
        return await asyncpg.connect(
            self.dsn,
            timeout=10,
            command_timeout=60,
            server_settings=SESSION,
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; one that broke meanwhile is thrown away.

        While the database is away, as during a restart, this waits for it. Raises DatabaseUnavailable.
        """
        deadline = asyncio.get_running_loop().time() + self._acquire_timeout
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            raise DatabaseUnavailable("no database connection is free") from None
        self.in_use += 1
        try:
            connection = None
            while self._idle and connection is None:
                connection = self._idle.pop()
                if connection.is_closed():
                    connection = None
            if connection is None:
                connection = await self._connect_until(deadline)
            try:
                yield connection
            except Exception as error:
                if isinstance(error, BROKEN) or (not connection.is_closed() and connection.is_in_transaction()):
                    connection.terminate()
                if connection.is_closed() and isinstance(error, LOST):
                    raise DatabaseUnavailable("the database connection was lost") from error
                raise
            except BaseException:
                # A cancelled user may have left a query half answered.
                connection.terminate()
                raise
            finally:
                if not connection.is_closed():
                    if self._closed:
                        connection.terminate()
                    else:
                        self._idle.append(connection)
        finally:
            self.in_use -= 1
            self._places.release()

    async def _connect_until(self, deadline: float) -> Connection:
        while True:
            try:
                return await self.connect()
            except (*LOST, *BUSY) as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise DatabaseUnavailable("the database cannot be reached") from error
            await asyncio.sleep(RETRY_SECONDS)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside BEGIN..COMMIT; an exception rolls back."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, query: str, *arguments: object) -> list[Record]:
        """All rows of one statement."""
        async with self.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Record | None:
        """The first row of one statement, or None."""
        async with self.connection() as connection:
            return await connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first column of the first row, or None."""
        async with self.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> str:
        """Run one statement; returns its command tag, as in `UPDATE 3`."""
        async with self.connection() as connection:
            return await connection.execute(query, *arguments)

    async def close(self) -> None:
        """Close idle connections now and lent ones when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close(timeout=5)
