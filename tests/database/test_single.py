import asyncio

import asyncpg
import pytest

from ringmain.database.pool import Database
from ringmain.database.single import HeldWakeups, RolledBack, single_transaction
from ringmain.database.wakeup import CARRIERS, EVENTS, Wakeups
from tests.conditions import eventually

ADD = "INSERT INTO operator_tokens (name, token_hash) VALUES ($1, $2)"
COUNT = "SELECT count(*) FROM operator_tokens"


async def test_all_of_it_or_nothing(database: Database) -> None:
    async with single_transaction(database) as single:
        await single.execute(ADD, "a", b"1")
        assert await single.fetchval(COUNT) == 1
        assert await database.fetchval(COUNT) == 0
    assert await database.fetchval(COUNT) == 1
    with pytest.raises(ZeroDivisionError):
        await _add_and_raise(database, ZeroDivisionError())
    await _add_and_raise(database, RolledBack())
    assert await database.fetchval(COUNT) == 1


async def _add_and_raise(database: Database, error: Exception) -> None:
    async with single_transaction(database) as single:
        await single.execute(ADD, "b", b"2")
        raise error


async def test_a_users_transaction_is_a_savepoint(database: Database) -> None:
    async with single_transaction(database) as single:
        with pytest.raises(asyncpg.UniqueViolationError):
            await _add_twice(single)
        await asyncio.gather(*(single.execute(ADD, str(i), bytes([i])) for i in range(5)))
    assert await database.fetchval(COUNT) == 5


async def _add_twice(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, "a", b"1")
        await connection.execute(ADD, "a", b"1")


async def test_held_wakeups_wake_when_released(database: Database, wakeups: Wakeups) -> None:
    await eventually(lambda: _connected(wakeups))
    woken: list[str] = []
    wakeups.listen(EVENTS, lambda: woken.append(EVENTS))
    held = HeldWakeups(database)
    held.wake(EVENTS)
    held.wake(CARRIERS)
    assert held.held == {EVENTS, CARRIERS}
    await held.release(database)
    await eventually(lambda: _of(woken))
    assert held.held == frozenset()


async def _connected(wakeups: Wakeups) -> bool:
    return wakeups.connected


async def _of(woken: list[str]) -> list[str]:
    return woken
