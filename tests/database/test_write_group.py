import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from ringmain.database.pool import Database, DatabaseUnavailable
from ringmain.database.write_group import WriteGroup


@pytest.fixture
async def table(database: Database) -> Database:
    await database.execute("CREATE TABLE written (n int CHECK (n <> 13))")
    return database


async def test_what_arrives_together_is_written_together(table: Database) -> None:
    batches: list[int] = []

    async def write(items: Sequence[int]) -> Sequence[int]:
        batches.append(len(items))
        await table.execute("INSERT INTO written SELECT unnest($1::int[])", items)
        return [item * 2 for item in items]

    group = WriteGroup(write, largest=16)
    assert await asyncio.gather(*(group.submit(n) for n in range(100, 140))) == [n * 2 for n in range(100, 140)]
    assert len(batches) < 6
    assert max(batches) <= 16
    assert await table.fetchval("SELECT count(*) FROM written") == 40


async def test_one_bad_item_fails_alone(table: Database) -> None:
    async def write(items: Sequence[int]) -> Sequence[int]:
        await table.execute("INSERT INTO written SELECT unnest($1::int[])", items)
        return items

    group = WriteGroup(write)
    outcomes = await asyncio.gather(*(group.submit(n) for n in range(20)), return_exceptions=True)
    assert isinstance(outcomes[13], asyncpg.CheckViolationError)
    assert [n for n in outcomes if isinstance(n, int)] == [n for n in range(20) if n != 13]
    assert await table.fetchval("SELECT count(*) FROM written") == 19


async def test_an_outcome_that_is_an_error_is_raised_to_its_submitter(table: Database) -> None:
    async def write(items: Sequence[int]) -> Sequence[int | Exception]:
        return [ValueError(str(item)) if item % 2 else item for item in items]

    group: WriteGroup[int, int] = WriteGroup(write)
    outcomes = await asyncio.gather(*(group.submit(n) for n in range(4)), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["0", "1", "2", "3"]
    assert [type(outcome) for outcome in outcomes] == [int, ValueError, int, ValueError]


async def test_a_lost_database_is_not_written_to_again(table: Database) -> None:
    """The batch may have been committed before the connection went: nobody may write it twice."""
    tries = 0

    async def write(items: Sequence[int]) -> Sequence[int]:
        nonlocal tries
        tries += 1
        async with table.connection() as connection:
            await connection.execute("INSERT INTO written SELECT unnest($1::int[])", items)
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return items

    group = WriteGroup(write)
    outcomes = await asyncio.gather(*(group.submit(n) for n in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, DatabaseUnavailable) for outcome in outcomes)
    assert await table.fetchval("SELECT count(*) = count(DISTINCT n) FROM written")


async def test_a_submitter_that_leaves_does_not_stop_the_others(table: Database) -> None:
    async def write(items: Sequence[int]) -> Sequence[int]:
        await table.execute("INSERT INTO written SELECT unnest($1::int[])", items)
        return items

    group = WriteGroup(write)
    leaving = asyncio.create_task(group.submit(1))
    staying = asyncio.create_task(group.submit(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 2
    assert await table.fetchval("SELECT count(*) FROM written") == 2
