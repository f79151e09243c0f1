"""Migrated databases for tests, each used by many tests of a process, one after the other.

To copy a template, drop the copy and warm up connections to it takes far more than most tests do. So what a test wrote
is deleted, and the next test gets the same database with the same connections. A database that would not be as new
(its schema changed, a great deal was written) is dropped, and another is copied.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from ringmain.database.migrate import CREATE_LEDGER, RECORD, available
from ringmain.database.pool import Connection, Database

MANY_ROWS: Final = 5_000
"""Beyond this, what is left of deleted rows would show."""

SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
# Partitions are emptied with what they are parts of; whoever changes what was migrated changes the schema.
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'migrations'
ORDER BY relname
"""
# With what the planner knows of them: of two indexes it takes the wrong one where it has seen a table empty.
SCHEMA = """
SELECT ARRAY[count(*)::numeric, sum(oid::bigint), sum(xmin::text::bigint), sum(known)] FROM (
    SELECT oid, xmin, reltuples::numeric AS known FROM pg_class UNION ALL
    SELECT oid, xmin, 0 FROM pg_attrdef UNION ALL
    SELECT oid, xmin, 0 FROM pg_constraint UNION ALL
    SELECT oid, xmin, 0 FROM pg_trigger UNION ALL
    SELECT 'migrations'::regclass, xmin, 0 FROM migrations UNION ALL
    SELECT oid, xmin, 0 FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS objects WHERE oid >= 16384
"""
# A plan that was made for small tables is not to be met by a test that fills them.
AS_NEW = "DISCARD PLANS; RESET ALL; SELECT pg_advisory_unlock_all(), pg_stat_force_next_flush()"
# What counts for `database/statistics.py`; a connection's own counts are told when it is idle.
TELL_COUNTS = "SELECT pg_stat_force_next_flush()"
FORGET_COUNTS = "SELECT pg_stat_reset()"
# Waits until they have ended.
END_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND NOT pid = ANY($1::int[])
"""


def on_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@asynccontextmanager
async def as_before(server_dsn: str, migration: str) -> AsyncIterator[Connection]:
    """A database as those before this migration, as in `0015`, left it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await run(server_dsn, f"CREATE DATABASE {name}")
    connection = await asyncpg.connect(on_database(server_dsn, name))
    await connection.execute(CREATE_LEDGER)
    for done, sql in available():
        if done < migration:
            await connection.execute(sql)
            await connection.execute(RECORD, done)
    yield connection
    await connection.close()
    await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def run(dsn: str, statement: str) -> None:
    """One statement in a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class Leased:
    """One database, with what it takes to make it as new."""

    def __init__(self, dsn: str, name: str) -> None:
        self.name = name
        self.dsn = on_database(dsn, name)
        self._warm: list[Connection] = []
        self._own: Connection | None = None
        self._schema: list[object] = []
        self._wiped = 0
        self._wipe = ""
        self._seeds: dict[str, list[tuple[object, ...]]] = {}

    async def prepare(self) -> None:
        """Look at how it is when it is new. The role must be a superuser: triggers must not see the wiping."""
        own = await asyncpg.connect(
            self.dsn,
            server_settings={"session_replication_role": "replica", "enable_seqscan": "on", "lock_timeout": "10s"},
        )
        self._own = own
        tables = [row["relname"] for row in await own.fetch(TABLES)]
        for table in tables:
            if rows := await own.fetch(f'SELECT * FROM "{table}"'):
                self._seeds[table] = [tuple(row) for row in rows]
        gone = ", ".join(f'd{n} AS (DELETE FROM "{table}" RETURNING 1)' for n, table in enumerate(tables))
        self._wipe = f"WITH {gone} SELECT " + " + ".join(f"(SELECT count(*) FROM d{n})" for n in range(len(tables)))
        self._schema = await own.fetchval(SCHEMA)

    def pool(self, size: int) -> Database:
        """A pool that begins with the connections that were kept."""
        database = Database(self.dsn, size=size)
        database._idle, self._warm = self._warm, []
        return database

    async def keep(self, database: Database) -> None:
        """Close a pool, but for the connections that nobody uses."""
        self._warm, database._idle = database._idle, []
        await database.close()

    async def wipe(self) -> bool:
        """Make it as new. False: it cannot be, and is to be dropped."""
        if self._own is None or self._own.is_closed():
            return False
        self._warm = [connection for connection in self._warm if not connection.is_closed()]
        await self._own.fetch(END_OTHERS, [c.get_server_pid() for c in (self._own, *self._warm)])
        if await self._own.fetchval(SCHEMA) != self._schema:
            return False
        self._wiped += await self._own.fetchval(self._wipe)
        if self._wiped > MANY_ROWS:
            return False
        for connection in self._warm:
            await connection.execute(AS_NEW)
        for table, rows in self._seeds.items():
            await self._own.copy_records_to_table(table, records=rows)
        await self._own.execute(TELL_COUNTS)
        await self._own.execute(FORGET_COUNTS)
        return True

    async def close(self) -> None:
        """Close what is open."""
        for connection in (*self._warm, *([self._own] if self._own else [])):
            connection.terminate()
        self._warm, self._own = [], None


class Databases:
    """The databases of one test process."""

    def __init__(self, dsn: str, template: str) -> None:
        self._dsn = dsn
        self._template = template
        self._clean: list[Leased] = []
        self._reuse: bool | None = None

    async def lend(self) -> Leased:
        """A database with nothing in it but what the migrations put there."""
        if self._clean:
            return self._clean.pop()
        leased = Leased(self._dsn, f"test_{uuid.uuid4().hex[:12]}")
        await run(self._dsn, f"CREATE DATABASE {leased.name} TEMPLATE {self._template} STRATEGY FILE_COPY")
        if await self._may_wipe():
            await leased.prepare()
        return leased

    async def take_back(self, leased: Leased) -> None:
        """After a test."""
        try:
            if await leased.wipe():
                self._clean.append(leased)
                return
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pass  # whatever the test did to it, it is dropped
        await self._drop(leased)

    async def close(self) -> None:
        """Drop them all."""
        while self._clean:
            await self._drop(self._clean.pop())

    async def _drop(self, leased: Leased) -> None:
        await leased.close()
        await run(self._dsn, f"DROP DATABASE {leased.name} WITH (FORCE)")

    async def _may_wipe(self) -> bool:
        if self._reuse is None:
            connection = await asyncpg.connect(self._dsn)
            try:
                self._reuse = bool(await connection.fetchval(SUPERUSER))
            finally:
                await connection.close()
        return self._reuse
