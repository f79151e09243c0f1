"""What commands share: the database and the core for the time of one command."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from obstore.store import MemoryStore

from ringmain.core.system import Core
from ringmain.database.embedded import EmbeddedServer
from ringmain.database.pool import Database
from ringmain.database.reach import prepare
from ringmain.database.single import HeldWakeups
from ringmain.pbx.build import adapters
from ringmain.settings import Settings

PATIENCE_S = 10.0


async def reach(settings: Settings, parts: AsyncExitStack) -> Database:
    """DATABASE_URL, or the embedded database: a running server's, else one that is started and ends with `parts`."""
    dsn = settings.database_url
    if not dsn:
        server = EmbeddedServer(settings.data_dir)
        dsn = await server.start()
        parts.push_async_callback(server.stop)
    database = Database(dsn, size=4)
    parts.push_async_callback(database.close)
    return database


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The migrated database."""
    async with AsyncExitStack() as parts:
        database = await reach(settings, parts)
        await prepare(database, patience_s=PATIENCE_S)
        yield database


@asynccontextmanager
async def open_core(settings: Settings) -> AsyncIterator[Core]:
    """The core, for commands that do not touch the contents of files, nor secrets that are sealed.

    What it wakes, servers hear at the end.
    """
    async with open_database(settings) as database:
        wakeups = HeldWakeups(database)
        try:
            yield Core(database, wakeups, MemoryStore(), pbx=adapters(database))
        finally:
            await wakeups.release(database)
