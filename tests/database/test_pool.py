import asyncio

import asyncpg
import pytest

from ringmain.database.pool import Database, DatabaseUnavailable


async def test_connections_are_used_again(database: Database) -> None:
    pids = {await database.fetchval("SELECT pg_backend_pid()") for _ in range(5)}
    assert len(pids) == 1


async def test_no_more_than_its_size(dsn: str) -> None:
    small = Database(dsn, size=2, acquire_timeout=0.2)
    async with small.connection(), small.connection():
        with pytest.raises(DatabaseUnavailable):
            await small.fetchval("SELECT 1")
    assert await small.fetchval("SELECT 1") == 1
    await small.close()


async def test_a_connection_killed_while_idle_is_replaced(database: Database, dsn: str) -> None:
    pid = await database.fetchval("SELECT pg_backend_pid()")
    other = await asyncpg.connect(dsn)
    await other.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    await other.close()
    assert await database.fetchval("SELECT pg_backend_pid()") != pid


async def test_a_connection_lost_in_the_middle_says_so(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        await database.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await database.fetchval("SELECT 1") == 1


async def test_what_has_not_answered_in_time_may_be_done(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database.connection() as connection:
            await connection.fetchval("SELECT pg_sleep(600)", timeout=0.1)
    assert connection.is_closed()


async def test_an_unreachable_database_is_given_up_in_time() -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none", acquire_timeout=0.3)
    with pytest.raises(DatabaseUnavailable):
        await nowhere.fetchval("SELECT 1")


async def test_a_failed_transaction_leaves_a_clean_connection(database: Database) -> None:
    await database.execute("CREATE TABLE kept (n int)")

    async def fail() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO kept VALUES (1)")
            await connection.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await fail()
    assert await database.fetchval("SELECT count(*) FROM kept") == 0


async def test_a_cancelled_query_does_not_spoil_the_next(database: Database) -> None:
    task = asyncio.create_task(database.execute("SELECT pg_sleep(30)"))
    while not database.in_use:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.gather(*(database.fetchval("SELECT 1") for _ in range(20))) == [1] * 20
