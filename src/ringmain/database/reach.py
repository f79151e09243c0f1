"""Waiting for a database that is not up yet, as at the start of a group of containers."""

import asyncio
import time
from typing import Final

import asyncpg
import structlog

from ringmain.database.migrate import migrate
from ringmain.database.pool import FAILURES, Database

log = structlog.get_logger()

LONGEST_PAUSE: Final = 2.0
# Waiting makes none of these better.
HOPELESS: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,  # also a wrong password
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
OLDEST: Final = 150000


class DatabaseUnusable(Exception):
    """The database cannot be used; the text says why, without the password."""


async def prepare(database: Database, *, patience_s: float | None = None) -> list[str]:
    """Wait until the database answers, then migrate it; returns the migrations applied.

    `patience_s` None waits for ever. Raises DatabaseUnusable: it did not come up in time, refuses us, or is too old.
    """
    deadline = None if patience_s is None else time.monotonic() + patience_s
    pause = 0.1
    while True:
        try:
            connection = await database.connect()
            break
        except HOPELESS as error:
            raise DatabaseUnusable(f"the database refuses us: {error}") from error
        except FAILURES as error:
            if isinstance(error, asyncpg.ClientConfigurationError):
                raise DatabaseUnusable(f"DATABASE_URL: {error}") from error
            if deadline is not None and time.monotonic() > deadline:
                raise DatabaseUnusable(f"the database cannot be reached: {error}") from error
            log.warning("waiting for the database", error=repr(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    try:
        version = await connection.fetchval("SELECT current_setting('server_version_num')::int")
        if version < OLDEST:
            raise DatabaseUnusable(f"PostgreSQL 15 or newer is needed, this one is {version // 10000}")
        return await migrate(connection)
    finally:
        await connection.close()
