"""Forward-only migrations: `migrations/NNNN_name.sql`, each in a transaction of its own, under one advisory lock.

Several servers may start at once: one migrates, the others wait for it. `lock_timeout` keeps a migration from
queueing behind a long query and stopping all traffic behind itself; it is then tried again.
"""

import asyncio
from importlib import resources

import asyncpg
import structlog

from ringmain.database.pool import Connection

log = structlog.get_logger()

LOCK = 0x72696E67  # "ring"
TRIES = 30
# An index of a large table takes its time, and other servers wait for who makes it.
PATIENCE_SECONDS = 86_400.0

CREATE_LEDGER = """
CREATE TABLE IF NOT EXISTS migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
APPLIED = "SELECT name FROM migrations"
RECORD = "INSERT INTO migrations (name) VALUES ($1)"
ENSURE_PARTITIONS = "SELECT ensure_partitions(3)"


def available() -> list[tuple[str, str]]:
    """All migrations as (name, SQL), in the order in which they are applied."""
    folder = resources.files("ringmain.database") / "migrations"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")) for entry in files]


async def migrate(connection: Connection) -> list[str]:
    """Bring the schema up to date and make this month's partitions; returns the names of what was applied."""
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK, timeout=PATIENCE_SECONDS)
    try:
        await connection.execute(CREATE_LEDGER)
        done = {row["name"] for row in await connection.fetch(APPLIED)}
        fresh = [(name, sql) for name, sql in available() if name not in done]
        for name, sql in fresh:
            await _apply(connection, name, sql)
            log.info("migration applied", name=name)
        await connection.execute(ENSURE_PARTITIONS)
        return [name for name, _ in fresh]
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def _apply(connection: Connection, name: str, sql: str) -> None:
    for attempt in range(TRIES):
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '2s'")
                await connection.execute(sql, timeout=PATIENCE_SECONDS)
                await connection.execute(RECORD, name)
            return
        except asyncpg.LockNotAvailableError:
            log.warning("migration waits for a lock", name=name, attempt=attempt + 1)
            await asyncio.sleep(1)
    raise TimeoutError(f"migration {name} could not get its locks in {TRIES} tries")
