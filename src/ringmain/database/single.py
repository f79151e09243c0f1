"""Many verbs in one transaction, for what must happen as a whole or not at all (`ringmain apply`, its dry run)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ringmain.database.pool import Connection, Database
from ringmain.database.wakeup import NOTIFY, Wakeups


class RolledBack(Exception):
    """Ends the transaction of `single_transaction` without a trace."""


class _SingleConnection(Database):
    """Lends one connection, inside its transaction, to one user at a time. A user's own transaction is a savepoint."""

    def __init__(self, dsn: str, connection: Connection) -> None:
        super().__init__(dsn)
        self._connection = connection
        self._free = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._free:
            yield self._connection


class HeldWakeups(Wakeups):
    """Wake-ups kept back until the work is committed; also for commands that end soon after."""

    def wake(self, channel: str) -> None:
        """Remember it."""
        self._pending.add(channel)

    @property
    def held(self) -> frozenset[str]:
        """The channels to wake."""
        return frozenset(self._pending)

    async def release(self, database: Database) -> None:
        """Wake every process now. Call it after the commit."""
        await database.execute(NOTIFY, sorted(self._pending))
        self._pending.clear()


@asynccontextmanager
async def single_transaction(database: Database) -> AsyncIterator[Database]:
    """A database whose every use is part of one transaction: committed at the end, rolled back by an exception.

    `RolledBack` is not raised further.
    """
    connection = await database.connect()
    try:
        async with connection.transaction():
            yield _SingleConnection(database.dsn, connection)
    except RolledBack:
        pass
    finally:
        await connection.close()


@asynccontextmanager
async def joined_transaction(database: Database, wakeups: Wakeups) -> AsyncIterator[tuple[Database, Wakeups]]:
    """A database and wake-ups whose every use is part of one transaction, of the one that `database` is in already if
    it is in one. Wake-ups are given out after the commit.
    """
    if isinstance(database, _SingleConnection):
        yield database, wakeups
        return
    async with database.transaction() as connection:
        held = HeldWakeups(database)
        yield _SingleConnection(database.dsn, connection), held
    for channel in held.held:
        wakeups.wake(channel)
